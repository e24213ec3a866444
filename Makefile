# SPDX-License-Identifier: BSD-3-Clause
# Nymph: every command that a person types. `make help` lists them.
#
# All output goes to build/ (to build-bench/ for bench), so `make clean` is one rm. There is no recursive
# make: one dependency graph covers the whole tree, so `make -j` is safe and a change rebuilds only what
# depends on it.

# ---------------------------------------------------------------------------------------------
# Options, as in `make qemu CPUS=8 MEM=512M`. README.md, "Options", explains each of them.

CPUS          = 4
MEM           = 256M
RUN           =
DETERMINISTIC = 0
SEED          =
BOOT_HART     =
IPI           = sbi
BIOS          = default
MACHINE       = virt
TIMEOUT       =
GDBPORT       =
# Empty: the one of this tree. The tree of lab 0 has kernels that are built already, and runs the whole one.
KERNEL        = $(wildcard kernels/whole)
LAB           =
TEST          =
MUTANT        =
VARIANT       =
JOBS          =
PART          =
RUNS          =
XV6           =
FORMAT        =
HTML          =
KTR           =
LOG           =
OUT           =
FROM          =
NAME          =
ENTRIES       =
WITHOUT       =
INVARIANTS    = 1
TOOLCHAIN     = gcc
WERROR        = 1

# `make bench` measures a kernel without assertions. It has a folder of its own, so that neither build
# makes the other one anew.
ifneq (,$(filter bench leaderboard,$(MAKECMDGOALS)))
BUILD      = build-bench
INVARIANTS = 0
else
BUILD      = build
endif

# The scripts under tools/ read the options from the environment. No value passes through a shell's
# quoting on its way, so RUN may hold any character. With $(value), a dollar sign stays a dollar sign.
OPTIONS = CPUS MEM DETERMINISTIC SEED BOOT_HART IPI BIOS MACHINE TIMEOUT GDBPORT KERNEL LAB TEST BUILD
override RUN := $(value RUN)
export $(OPTIONS) RUN

# `make setup qemu` and `make clean qemu` do these two first, with -j too: $(FIRST) is an order-only
# prerequisite of every rule that runs a tool.
FIRST := $(filter setup clean,$(MAKECMDGOALS))

# A bad value is refused in one line, before anything is built.
ifeq (,$(filter gcc clang,$(TOOLCHAIN)))
$(error TOOLCHAIN=$(TOOLCHAIN): give gcc or clang)
endif
ifeq (,$(filter 0 1,$(INVARIANTS)))
$(error INVARIANTS=$(INVARIANTS): give 1 (assertions on) or 0)
endif
ifneq (,$(and $(wildcard kernels/whole),$(filter test grade bench leaderboard,$(MAKECMDGOALS))))
$(error this is the tree of lab 0, whose sources lack the code of all labs; type that in the tree of a lab)
endif
# tools/qemu checks the rest. (make 4.3 does not export variables to $(shell), so we quote them here.)
quote = '$(subst ','\'',$(1))'
asked = $(filter $(1),$(MAKECMDGOALS))
ifneq (,$(call asked,qemu qemu-gdb record trace test grade explore bench leaderboard))
BAD := $(shell { $(foreach o,$(OPTIONS) RUN,$(o)=$(call quote,$($(o)))) $(if $(call asked,grade),GRADE=1) \
    tools/qemu $(if $(FIRST)$(call asked,explore),--check-options,--check) $(if $(call asked,trace),&& \
    KTR=$(call quote,$(KTR)) tools/trace --check $(foreach l,$(LOG),$(call quote,$(l)))); } 2>&1)
ifneq (,$(BAD))
$(error $(BAD))
endif
endif

# ---------------------------------------------------------------------------------------------
# Tools and flags

CROSS = riscv64-unknown-elf-
CLANG = clang --target=riscv64-unknown-elf -march=rv64imac
ifeq ($(TOOLCHAIN),clang)
CC      = $(CLANG)
else
CC      = $(CROSS)gcc -march=rv64imac_zicsr_zifencei
endif
LD      = $(CROSS)ld
AR      = $(CROSS)ar
NM      = $(CROSS)nm
HOSTCC  = cc
PYTHON  = /usr/bin/python3

# Where the compiler notes which files it has opened. (grading/class has the assembler note that, too.)
DEPS    = -MMD -MP
# A function that nothing calls yet is no error, so that a half-written kernel builds. (One test sets
# UNUSED= because the finished tree has no such function.)
UNUSED  = -Wno-unused
# -mcmodel=medany: the kernel is in the upper half, which medlow cannot reach. -mrelax: the linker makes
# one instruction of a call to a function that is near. (It would address data by way of gp, too, if
# the linker scripts defined the symbol for that; gp is not set up.)
CFLAGS  = -std=gnu11 -mabi=lp64 -mcmodel=medany -mrelax -ffreestanding -fno-common -fno-pie \
          -fno-stack-protector -O2 -g -Wall -Wextra -I.
ifeq ($(WERROR),1)
ERROR   = -Werror
endif
KFLAGS  = $(CFLAGS) $(UNUSED) $(ERROR) -Wshadow -Ikernel -Ikernel/riscv -DNYMPH_KERNEL
# A kernel with assertions also keeps the frame pointers that backtraces follow.
ifeq ($(INVARIANTS),1)
KFLAGS += -DINVARIANTS -fno-omit-frame-pointer
endif
# Programs written for xv6 must build as they are, so a warning does not stop a build in user/. (One test
# sets UERROR=-Werror for the programs of this tree.)
# user/xv6 adds the names of xv6's kernel headers that programs use. The files of the image are the same in
# every folder, and so is a deterministic run, which reads them: the path of the tree is in none of them.
UFLAGS  = -Iuser/xv6 $(CFLAGS) $(UERROR) -fno-strict-aliasing -fno-omit-frame-pointer \
          -fdebug-prefix-map="$$PWD"=.
LDFLAGS = -nostdlib -z max-page-size=4096 --no-warn-rwx-segments

O = $(BUILD)/obj

# ---------------------------------------------------------------------------------------------
# The sources: every file that is there

# Their names become words of make and of the shell, so a name with a blank, say, stops the build here.
ODD := $(foreach d,kernel kernel/* user user/* mkfs,$(wildcard $(d)/*[!-A-Za-z0-9_.+]*.[chS])) \
       $(wildcard user/*[!-A-Za-z0-9_.+]*/*.[cS])
ifneq (,$(strip $(ODD)))
$(error $(strip $(ODD)): the name of a source file may have only letters, digits and - _ . +; rename it)
endif

KSRC  := $(sort $(wildcard kernel/*.c kernel/*/*.c kernel/*/*.S))
KOBJ  := $(KSRC:%=$(O)/%.o)

ULIBSRC := $(sort $(wildcard user/lib/*.c user/lib/*.S))
ULIBOBJ := $(ULIBSRC:%=$(O)/%.o)
# A program NAME is either a file user/NAME.c, with user/NAME.S and user/NAME_*.S if they exist, or a
# folder user/NAME/ with C files and .S files.
UFILES  := $(sort $(patsubst user/%.c,%,$(wildcard user/*.c)))
UDIRS   := $(filter-out lib,$(sort $(patsubst user/%/,%,$(dir $(wildcard user/*/*.[cS])))))
# WITHOUT: programs that are left out (the graders do not need a student's unfinished one).
PROGS   := $(filter-out $(WITHOUT),$(sort $(UFILES) $(UDIRS)))
UPROGS  := $(PROGS:%=$(BUILD)/user/%)
TWICE   := $(filter $(UFILES),$(UDIRS))
ifneq (,$(TWICE))
$(error $(foreach p,$(TWICE),user/$(p).c and user/$(p)/): two programs with one name; rename one of them)
endif
with_asm = user/$(1).c $(wildcard user/$(1).S) \
           $(filter-out $(UFILES:%=user/%.S),$(wildcard user/$(1)_*.S))
USRC    := $(sort $(foreach p,$(filter $(PROGS),$(UFILES)),$(call with_asm,$(p))) \
           $(wildcard $(patsubst %,user/%/*.[cS],$(filter $(PROGS),$(UDIRS)))))
UOBJ    := $(USRC:%=$(O)/%.o)
# xv6 has renamed sleep() to pause(), so a program may define a sleep() of its own, of any type.
OWNSLEEP := $(shell grep -lP '^(\w[\w *]*[ *])?sleep\x28' $(USRC) /dev/null)
$(OWNSLEEP:%=$(O)/%.o): UFLAGS += -DOWN_SLEEP

MKFSSRC := $(sort $(wildcard mkfs/*.c))

.PHONY: all
all: $(if $(KERNEL),,$(BUILD)/kernel $(BUILD)/Image) $(BUILD)/boothart $(BUILD)/fs.img $(BUILD)/ram.img ## build the kernel, the user programs and the disk image

# ---------------------------------------------------------------------------------------------
# How it is built

.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules

# A file that holds the words that something was made from. It changes when they do (other flags, a
# source file removed), and what depends on it is then rebuilt. (-Werror does not change the code.)
remember = @mkdir -p $(@D); echo '$(1)' | cmp -s - $@ || echo '$(1)' >$@
.PHONY: FORCE
$(O)/kernel.flags: FORCE | $(FIRST)
	$(call remember,$(CC) $(filter-out -Werror,$(KFLAGS)) $(ONCE))
$(O)/user.flags: FORCE | $(FIRST)
	$(call remember,$(CC) $(UFLAGS))
$(O)/nymph.flags: FORCE | $(FIRST)
	$(call remember,$(CC) $(filter-out -Werror,$(NFLAGS)))
$(O)/kernel.list: FORCE | $(FIRST)
	$(call remember,$(KSRC))
$(O)/user.list: FORCE | $(FIRST)
	$(call remember,$(USRC) $(ULIBSRC))
$(O)/image.list: FORCE | $(FIRST)
	$(call remember,$(CONTENT) $(RAMSIZE))

# Report a missing compiler once, not once per file.
.PHONY: tools
tools: | $(FIRST)
	@tools/need $(firstword $(CC)) $(LD) $(HOSTCC)
	@$(if $(filter setup,$(FIRST)),tools/qemu --check)

# Most loops here run their body once: for a request, a sleeper, an interrupt. A value that gcc computes
# before such a loop, instead of in it, costs a register that must be saved.
ifeq ($(TOOLCHAIN),gcc)
ONCE = -fno-move-loop-invariants
endif
$(filter $(O)/kernel/boot/% $(O)/kernel/lwkt/% $(O)/kernel/proc/% $(O)/kernel/sync/% \
    $(O)/kernel/fs/pipe.c.o,$(KOBJ)): private KFLAGS += $(ONCE)

$(O)/kernel/%.o: kernel/% $(O)/kernel.flags | tools
	@mkdir -p $(@D)
	@echo "  cc    kernel/$*"
	@$(CC) $(KFLAGS) $(DEPS) -c -o $@ $<

# All macros that a kernel file sees.
$(O)/kernel/%.macros: kernel/% FORCE | tools
	@mkdir -p $(@D)
	@$(CC) $(KFLAGS) -E -dM -o $@ $<

# The threading core as a library of Nymph's programs: those of which a file includes lwkt.h.
LWKTCORE  := $(wildcard liblwkt/*.c kernel/lwkt/*.c) kernel/lib/bits.c kernel/lib/testpoint.c
LWKTNYMPH := $(LWKTCORE) $(wildcard liblwkt/nymph/*.[cS])
LWKTUSERS := $(shell grep -l '^\#include "lwkt.h"' $(filter %.c,$(USRC)) /dev/null)
NFLAGS     = -Iliblwkt/nymph -Iliblwkt $(CFLAGS) -Ikernel $(UNUSED) $(ERROR) -Wshadow -fno-omit-frame-pointer \
             $(if $(filter 1,$(INVARIANTS)),-DINVARIANTS)
$(LWKTUSERS:%=$(O)/%.o) $(LWKTUSERS:%=$(O)/%.lint): UFLAGS = -I$(patsubst $(O)/%,%,$(<D)) $(filter-out -Wshadow,$(NFLAGS))

$(O)/nymph/%.o: % $(O)/nymph.flags | tools
	@mkdir -p $(@D)
	@echo "  cc    $* (library)"
	@$(CC) $(NFLAGS) $(DEPS) -c -o $@ $<

$(O)/user/liblwkt.a: $(LWKTNYMPH:%=$(O)/nymph/%.o)
	@rm -f $@
	@$(AR) rcs $@ $^

$(O)/user/%.o: user/% $(O)/user.flags | tools
	@mkdir -p $(@D)
	@echo "  cc    user/$*"
	@$(CC) $(UFLAGS) $(DEPS) -c -o $@ $<

# The kernel is linked twice. The first link gives the addresses of all functions, from which the table of
# names for backtraces is made. The second adds the table after the code, so that no function moves.
KLINK = $(LD) $(LDFLAGS) -T kernel/riscv/kernel.ld
$(O)/kernel.pass1: $(KOBJ) kernel/riscv/kernel.ld $(O)/kernel.list
	@$(KLINK) -o $@ $(KOBJ)

$(O)/ksyms.S: $(O)/kernel.pass1 tools/mkksyms
	@$(NM) -n $< | tools/mkksyms >$@

$(O)/ksyms.o: $(O)/ksyms.S
	@$(CC) $(KFLAGS) $(DEPS) -c -o $@ $<

$(BUILD)/kernel: $(KOBJ) $(O)/ksyms.o kernel/riscv/kernel.ld
	@echo "  ld    $@"
	@$(KLINK) -o $@ $(KOBJ) $(O)/ksyms.o

# The same without ELF's headers, for boot loaders (U-Boot's booti).
$(BUILD)/Image: $(BUILD)/kernel
	@$(CROSS)objcopy -O binary $< $@

$(O)/user/libuser.a: $(ULIBOBJ) $(O)/user.list
	@rm -f $@
	@$(AR) rcs $@ $(ULIBOBJ)

# The code that chooses the boot hart (tools/qemu puts it into the machine).
$(BUILD)/boothart: tools/boothart.S | tools
	@mkdir -p $(O)
	@$(CC) -mabi=lp64 -c -o $(O)/boothart.o $<
	@$(LD) -nostdlib --no-relax -Ttext 0 -e 0 -o $(O)/boothart $(O)/boothart.o
	@$(CROSS)objcopy -O binary $(O)/boothart $@

# Programs that need more than xv6's stack of one page, in bytes.
STACK_sh        = 16384
STACK_usertests = 16384

# One rule for each program, because a program may have several objects.
lwkt = $(if $(filter $(LWKTUSERS:%=$(O)/%.o),$(1)),$(O)/user/liblwkt.a)
define program
$(BUILD)/user/$(1): $(2) $(call lwkt,$(2)) $(O)/user/libuser.a user/user.ld
	@mkdir -p $$(@D)
	@echo "  ld    $$@"
	@$$(LD) $$(LDFLAGS) $(if $(STACK_$(1)),--defsym=stack_size=$(STACK_$(1))) -T user/user.ld -o $$@ $(2) $(call lwkt,$(2)) $(O)/user/libuser.a
endef
objects = $(patsubst %,$(O)/%.o,$(1))
$(foreach p,$(UFILES),$(eval $(call program,$(p),$(call objects,$(call with_asm,$(p))))))
$(foreach p,$(UDIRS),$(eval $(call program,$(p),$(call objects,$(filter user/$(p)/%,$(USRC))))))
$(UDIRS:%=$(BUILD)/user/%): $(O)/user.list

$(BUILD)/mkfs: $(MKFSSRC) $(wildcard mkfs/*.h kernel/*.h) | tools
	@mkdir -p $(@D)
	@echo "  cc    mkfs"
	@$(HOSTCC) -std=gnu11 -O2 -g -Wall -Wextra $(ERROR) -I. -o $@ $(MKFSSRC)

# Two images with the same content, to which no run writes: one for the disk, and a smaller one for the
# deterministic mode, which keeps it in memory. Each is made under another name first, so that an
# interrupted mkfs leaves no half of an image behind. The smaller one has 28 MiB: so QEMU finds room for it
# between the kernel and the device tree when the machine has 64 MiB.
CONTENT = README.md=README.md README=README.md $(foreach p,$(PROGS),$(p)=$(BUILD)/user/$(p))
RAMSIZE = -s 7168
$(BUILD)/fresh.img $(BUILD)/ram.img: $(BUILD)/mkfs $(O)/image.list \
    $(foreach c,$(CONTENT),$(lastword $(subst =, ,$(c))))
	@echo "  mkfs  $@"
	@$(BUILD)/mkfs $@.new $(if $(filter %/ram.img,$@),$(RAMSIZE)) $(CONTENT)
	@mv $@.new $@

# The disk of `make qemu`: a run writes to it, and the next run finds what was written. It is made anew when
# a program has changed, but not while a machine runs on it: tools/qemu holds the lock as long. Then it
# stays older than fresh.img, so the next make tries again.
$(BUILD)/fs.img: $(BUILD)/fresh.img
	@cp --sparse=always $< $@.new
	@flock -n -E 75 $@.lock mv $@.new $@ || { [ $$? = 75 ] && rm $@.new && \
	    echo "$@ is the disk of a running machine, so it keeps the old programs; leave that machine, then type make again"; }

include $(wildcard $(KOBJ:.o=.d) $(ULIBOBJ:.o=.d) $(UOBJ:.o=.d) $(LWKTNYMPH:%=$(O)/nymph/%.d))

# ---------------------------------------------------------------------------------------------
# Running it

# make ends with 0 or 2, whatever a recipe's status was, so the machine's own is printed. A script that
# needs it as a status calls tools/qemu; one that needs the graders', tools/grade.
.PHONY: qemu
qemu: all ## boot to a shell (Ctrl-A X leaves); options: CPUS MEM RUN DETERMINISTIC SEED IPI BIOS MACHINE IMAGE SNAPSHOT
	@tools/qemu || { status=$$?; echo "exit status $$status"; exit $$status; }

.PHONY: qemu-gdb
qemu-gdb: all ## boot, but wait for `make gdb` in another terminal
	@tools/need gdb-multiarch
	@echo "Waiting for the debugger. In another terminal, in this folder, type: make gdb"
	@GDB=1 tools/qemu

.PHONY: gdb
gdb: ## connect to the machine of `make qemu-gdb`
	@tools/need gdb-multiarch
	@tools/debug

.PHONY: record
record: all ## record a run of one hart, so that gdb can go backwards in it: RUN='ls | wc'
	@tools/record

.PHONY: replay
replay: ## play that run again, stopped, for `make gdb` in another terminal
	@tools/need gdb-multiarch
	@tools/record --replay

.PHONY: trace
trace: DETERMINISTIC := $(if $(filter command% environment%,$(origin DETERMINISTIC)),$(DETERMINISTIC),1)
trace: all ## draw who ran when and who woke whom: RUN='ls | wc' KTR=all OUT=build/trace.html
	@KTR=$(call quote,$(KTR)) OUT=$(call quote,$(OUT)) tools/trace $(foreach l,$(LOG),$(call quote,$(l)))

.PHONY: test
test: all ## run all tests (about 25 minutes); ends with a count
	@$(PYTHON) -m pytest -n 2 --dist loadgroup tests

# The graders build the tree themselves, because a kernel that does not build gets its report, too.
.PHONY: grade
grade: | $(FIRST) ## grade the tree; LAB=4 TEST= SEED=, HTML=page; FORMAT=json,text,html,gradescope,github,autolab,junit,ktap,prairielearn,nbgrader OUT=
	@$(foreach o,FORMAT OUT HTML INVARIANTS TOOLCHAIN WERROR,$(o)=$(call quote,$($(o)))) tools/grade

# It builds by itself, too, because a kernel that does not build can be handed in.
.PHONY: handin
handin: | $(FIRST) ## check what you hand in, and write it as one archive: LAB=4 OUT=file
	@LAB=$(call quote,$(LAB)) OUT=$(call quote,$(OUT)) $(PYTHON) -m grading.handin

.PHONY: docs
docs: | $(FIRST) ## make a site and a PDF out of all pages: build/docs
	@tools/need --test pandoc weasyprint dot
	@tools/docs

.PHONY: carry
carry: ## take what you wrote in another lab's tree into this one: FROM=../lab4
	@FROM=$(call quote,$(FROM)) $(PYTHON) -m grading.carry

# The threading core as a library of this host, and the programs that use it. -iquote, because kernel/ has
# headers of the C library's names.
LWKTSRC   := $(wildcard liblwkt/linux/*.[cS]) $(LWKTCORE)
LWKTFLAGS  = -std=gnu11 -O1 -g -fno-omit-frame-pointer -fno-builtin-printf -no-pie -pthread -Wall -Wextra \
             -Wshadow $(ERROR) -DNYMPH_KERNEL -DINVARIANTS -iquote liblwkt/linux -iquote liblwkt -iquote kernel \
             -iquote .
$(BUILD)/lwkt/%: liblwkt/demo/%.c $(LWKTSRC) $(wildcard liblwkt/*.h liblwkt/linux/*.h liblwkt/linux/lib/*.h \
    kernel/lwkt/*.h kernel/lib/*.h kernel/*.h) | $(FIRST)
	@tools/need $(firstword $(HOSTCC))
	@mkdir -p $(@D)
	@echo "  cc    $@"
	@$(HOSTCC) $(LWKTFLAGS) $(SANITIZE) -o $@ $(filter %.c %.S,$^)

.PHONY: play
play: $(BUILD)/lwkt/play ## run the threading core as a program of this host, and draw what its threads did
	@LWKT_TRACE=$(BUILD)/lwkt/play.ktr $<
	@KERNEL=$< OUT=$(BUILD)/play.html tools/trace $(BUILD)/lwkt/play.ktr

.PHONY: explore
explore: | $(FIRST) ## play the core's scenes with every schedule within a budget: half an hour
	@tools/need $(HOSTCC)
	@$(PYTHON) tests/explore.py
	@$(if $(wildcard tests/explore_swaps.py),$(PYTHON) tests/explore_swaps.py) # no handout has it

.PHONY: bench
bench: all ## count the instructions of common operations, without assertions
	@$(PYTHON) tools/bench
	@$(PYTHON) tools/harts

.PHONY: leaderboard
leaderboard: all ## an entry for the leaderboard of a lab that is solved: LAB=2, 4 or 6; NAME=me OUT=file
	@$(foreach o,NAME OUT,$(o)=$(call quote,$($(o)))) $(PYTHON) -m grading.leaderboard

# The commands of instructors; a student's tree does not have this file.
include $(wildcard grading/instructor.mk)

# ---------------------------------------------------------------------------------------------
# The rest

# For editors: one entry for each C file. $(file) writes a line at its end, so the commas come first.
.PHONY: compile_commands.json
compile_commands.json: ## write how each C file is compiled, for clangd and other tools of editors
	$(file >$@,[{"directory": "$(CURDIR)", "file": "tools/boothart.S", "command": "$(CC) -mabi=lp64 -c tools/boothart.S"})
	$(foreach f,$(MKFSSRC),$(file >>$@,$(call entry,$(f),-I.,$(HOSTCC) -std=gnu11)))
	$(foreach f,$(filter %.c,$(KSRC)),$(file >>$@,$(call entry,$(f),$(KFLAGS))))
	$(foreach f,$(filter-out $(LWKTUSERS),$(filter %.c,$(USRC) $(ULIBSRC))),$(file >>$@,$(call entry,$(f),$(UFLAGS))))
	$(foreach f,$(LWKTUSERS),$(file >>$@,$(call entry,$(f),-I$(dir $(f)) $(NFLAGS))))
	$(file >>$@,])
	@echo "$@ is written; clangd needs --query-driver='*$(CROSS)gcc'"
entry = , {"directory": "$(CURDIR)", "file": "$(1)", "command": "$(or $(3),$(CC)) $(filter-out -MMD -MP -fdebug-prefix-map%,$(2)) -c $(1)"}

.PHONY: setup
setup: | $(filter clean,$(FIRST)) ## install the Debian packages that are needed (before others in one line)
	@tools/setup $(if $(filter test docs format check-format lint,$(MAKECMDGOALS)),--test)

.PHONY: doctor
doctor: | $(FIRST) ## say what is installed, whether it will do, and what to type if not
	@tools/doctor

FORMATTED = $(wildcard kernel/*.[ch] kernel/*/*.[ch] user/*.[ch] user/*/*.[ch] mkfs/*.[ch])
.PHONY: format
format: | $(FIRST) ## lay out all C files with clang-format
	@tools/need clang-format
	@clang-format -i $(FORMATTED)

.PHONY: check-format
check-format: | $(FIRST) ## say which C files `make format` would change
	@tools/need clang-format
	@clang-format --dry-run -Werror $(FORMATTED)

# clang's analyzer looks at each C file after it was compiled; a file that has not changed since, and whose
# headers have not, is not analyzed again. It assumes what the assertions check.
ANALYZE = $(CLANG) --analyze --analyzer-output text -Xclang -analyzer-werror
# In user/ it must not assume POSIX's contracts: here dup(-1) is defined, and usertests calls it. (Clang 14
# does not have this check; the compatibility mode lets it pass over a name that it does not know.)
OWNLIBC = -Xclang -analyzer-config-compatibility-mode=true \
          -Xclang -analyzer-config -Xclang silence-checkers=unix.StdCLibraryFunctions
$(O)/kernel/%.lint: $(O)/kernel/%.o | linters
	@echo "  lint  kernel/$*"
	@$(ANALYZE) $(KFLAGS) -DINVARIANTS kernel/$* && touch $@
$(O)/user/%.lint: $(O)/user/%.o | linters
	@echo "  lint  user/$*"
	@$(ANALYZE) $(OWNLIBC) $(UFLAGS) user/$* && touch $@
$(O)/mkfs.lint: $(BUILD)/mkfs | linters
	@echo "  lint  mkfs"
	@clang --analyze --analyzer-output text -Xclang -analyzer-werror -std=gnu11 -I. $(MKFSSRC) && touch $@

$(O)/scripts.lint: $(wildcard .ci/* tools/* tools/gdb/* grading/* grading/*/*.py tests/*) | linters
	@mkdir -p $(@D)
	@echo "  lint  scripts"
	@tools/lint $(BUILD) && touch $@

.PHONY: linters
linters: | $(FIRST)
	@tools/need clang shellcheck mypy pylint

.PHONY: lint
lint: $(patsubst %,$(O)/%.lint,$(filter %.c,$(KSRC) $(ULIBSRC) $(USRC)) mkfs scripts) ## look for faults: clang's analyzer, shellcheck, mypy, pylint

# A machine's disk is not removed under it.
.PHONY: clean
clean: ## remove all that was built
	@[ ! -e build/fs.img.lock ] || flock -n build/fs.img.lock true || \
	    { echo "build/fs.img is the disk of a running machine; leave that machine first" >&2; exit 1; }
	rm -rf build build-bench

.PHONY: help
help: ## this list
	@awk -F ':[^#]*## ' '/^[a-z_.-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' \
	    Makefile $(wildcard grading/instructor.mk)

# A mistyped command: a name for which there is no rule, or one that is only the name of a folder.
mistyped = @echo "make $@: there is no such command; type: make help" >&2; exit 2
.PHONY: grading kernel tests user
grading kernel tests user: ; $(mistyped)
.DEFAULT: ; $(mistyped)
