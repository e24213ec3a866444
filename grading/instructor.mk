# SPDX-License-Identifier: BSD-3-Clause
# The instructor's commands, in addition to those of the Makefile. Handouts do not have this file.

.PHONY: handout
handout: ## write the tree that students get for a lab: LAB=4 OUT=dir
	@LAB='$(LAB)' OUT='$(OUT)' $(PYTHON) -m grading.handout

.PHONY: solution
solution: ## put the solution into such a tree: LAB=4 OUT=dir
	@LAB='$(LAB)' OUT='$(OUT)' $(PYTHON) -m grading.handout --solution

.PHONY: mutants
mutants: all $(if $(DRAWN),compile_commands.json) ## plant known bugs, one at a time, and see the graders find them; MUTANT='ipi-*' JOBS=2, or DRAWN=20 LAB=4 SEED=7 for bugs by chance
	@MUTANT='$(MUTANT)' JOBS='$(JOBS)' DRAWN='$(DRAWN)' LAB='$(LAB)' SEED='$(SEED)' OUT='$(OUT)' \
		$(PYTHON) tests/$(if $(DRAWN),draw,mutate).py

.PHONY: variants
variants: all ## grade correct kernels that work differently; no grader may reject one: VARIANT=longer-rings JOBS=2
	@VARIANT='$(VARIANT)' JOBS='$(JOBS)' RUNS='$(RUNS)' $(PYTHON) tests/vary.py

.PHONY: reliability
reliability: all ## try for hours what the tests try for seconds: PART='repeat grade handout boot usertests soak fuzz diskfail nomem powercut images fsrace xv6 fresh' RUNS=100 XV6=folder
	@PART='$(PART)' RUNS='$(RUNS)' XV6='$(XV6)' $(PYTHON) tests/reliability.py

.PHONY: coverage
coverage: ## print which test shows which behaviour and finds which mutant
	@$(PYTHON) -m grading.coverage

.PHONY: gradescope
gradescope: ## pack Gradescope's autograder for a lab: LAB=4 OUT=autograder.zip
	@OUT='$(OUT)' $(PYTHON) -m grading.staff.gradescope pack '$(LAB)'

.PHONY: autolab
autolab: all ## pack Autolab's autograder for a lab: LAB=4 OUT=folder
	@OUT='$(OUT)' $(PYTHON) -m grading.staff.autolab '$(LAB)'

.PHONY: board
board: ## merge entries of a leaderboard (make leaderboard OUT=) into a page: ENTRIES=folder OUT=board.html
	@$(PYTHON) -m grading.staff.board '$(ENTRIES)' '$(OUT)'
