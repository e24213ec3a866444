# Nymph: every command that a person types. `make help` lists them.
#
# All output lies in build/ (bench: build-bench/), so `make clean` is one rm. There is no recursive
# make: one graph knows everything, so `make -j` is safe and a change rebuilds what it touches.

# ---------------------------------------------------------------------------------------------
# Options. `make qemu CPUS=8 MEM=512M`; what each one means is in README.md, "Options".

CPUS          = 4
MEM           = 256M
RUN           =
DETERMINISTIC = 0
SEED          =
BOOT_HART     =
IPI           = sbi
BIOS          = default
TIMEOUT       =
GDBPORT       =
LAB           =
TEST          =
MUTANT        =
VARIANT       =
JOBS          =
PART          =
RUNS          =
FORMAT        =
OUT           =
NAME          =
INVARIANTS    = 1
TOOLCHAIN     = gcc
WERROR        = 1

# `make bench` measures a kernel without assertions, kept apart so that neither build spoils the other.
ifneq (,$(filter bench leaderboard,$(MAKECMDGOALS)))
BUILD      = build-bench
INVARIANTS = 0
else
BUILD      = build
endif

# The scripts under tools/ read the options from the environment: no value passes through a shell's
# quoting on its way, so RUN may hold any character. $(value): a dollar is a dollar.
OPTIONS = CPUS MEM DETERMINISTIC SEED BOOT_HART IPI BIOS TIMEOUT GDBPORT LAB TEST BUILD
override RUN := $(value RUN)
export $(OPTIONS) RUN

# `make setup qemu` and `make clean qemu`, with -j too: these two come first, whatever else is asked
# for. $(FIRST) is an order-only prerequisite of every rule that runs a tool.
FIRST := $(filter setup clean,$(MAKECMDGOALS))

# A bad value is refused in one line, before anything is built.
ifeq (,$(filter gcc clang,$(TOOLCHAIN)))
$(error TOOLCHAIN=$(TOOLCHAIN): give gcc or clang)
endif
ifeq (,$(filter 0 1,$(INVARIANTS)))
$(error INVARIANTS=$(INVARIANTS): give 1 (assertions on) or 0)
endif
# The rest is tools/qemu's to judge. (make 4.3 does not export to $(shell): we quote by hand here.)
quote = '$(subst ','\'',$(1))'
ifneq (,$(filter qemu qemu-gdb test grade bench leaderboard,$(MAKECMDGOALS)))
BAD := $(shell $(foreach o,$(OPTIONS) RUN,$(o)=$(call quote,$($(o)))) \
    tools/qemu $(if $(FIRST),--check-options,--check) 2>&1)
ifneq (,$(BAD))
$(error $(BAD))
endif
endif

# ---------------------------------------------------------------------------------------------
# Tools and flags

CROSS = riscv64-unknown-elf-
ifeq ($(TOOLCHAIN),clang)
CC      = clang --target=riscv64-unknown-elf -march=rv64imac
else
CC      = $(CROSS)gcc -march=rv64imac_zicsr_zifencei
endif
LD      = $(CROSS)ld
AR      = $(CROSS)ar
NM      = $(CROSS)nm
HOSTCC  = cc
PYTHON  = /usr/bin/python3

# A kernel that is half written builds: what nothing uses yet stops no build. (A test sets UNUSED= for
# this tree, which has nothing of the kind.)
UNUSED  = -Wno-unused
# The kernel lies in the upper half, out of reach of medlow; -mno-relax: gp is not the kernel's.
CFLAGS  = -std=gnu11 -mabi=lp64 -mcmodel=medany -mno-relax -ffreestanding -fno-common -fno-pie \
          -fno-stack-protector -O2 -g -Wall -Wextra -I. -MMD -MP
ifeq ($(WERROR),1)
ERROR   = -Werror
endif
KFLAGS  = $(CFLAGS) $(UNUSED) $(ERROR) -Wshadow -Ikernel -Ikernel/riscv -DNYMPH_KERNEL
# With assertions go the frame pointers that backtraces follow.
ifeq ($(INVARIANTS),1)
KFLAGS += -DINVARIANTS -fno-omit-frame-pointer
endif
# Programs written for xv6 must build as they are, so warnings do not stop a build in user/. (A test
# sets UERROR=-Werror, for those of this tree.)
UFLAGS  = $(CFLAGS) $(UERROR) -fno-strict-aliasing -fno-omit-frame-pointer
LDFLAGS = -nostdlib --no-relax -z max-page-size=4096 --no-warn-rwx-segments

O = $(BUILD)/obj

# ---------------------------------------------------------------------------------------------
# What there is to build, found by looking

KSRC  := $(sort $(wildcard kernel/*.c kernel/*/*.c kernel/*/*.S))
KOBJ  := $(KSRC:%=$(O)/%.o)

ULIBSRC := $(sort $(wildcard user/lib/*.c user/lib/*.S))
ULIBOBJ := $(ULIBSRC:%=$(O)/%.o)
# A program is a file user/NAME.c, or a directory user/NAME/ with C files.
UFILES  := $(sort $(patsubst user/%.c,%,$(wildcard user/*.c)))
UDIRS   := $(filter-out lib,$(sort $(patsubst user/%/,%,$(dir $(wildcard user/*/*.c)))))
PROGS   := $(sort $(UFILES) $(UDIRS))
UPROGS  := $(PROGS:%=$(BUILD)/user/%)

.PHONY: all
all: $(BUILD)/kernel $(BUILD)/boothart $(BUILD)/fs.img $(BUILD)/ram.img ## build the kernel, the user programs and the disk image

# ---------------------------------------------------------------------------------------------
# How it is built

.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules

# A file that holds the words it was made from: what depends on it is rebuilt when they change (other
# flags, a source file gone), and left alone when they don't. (With -Werror the code is the same.)
remember = @mkdir -p $(@D); echo '$(1)' | cmp -s - $@ || echo '$(1)' >$@
.PHONY: FORCE
$(O)/kernel.flags: FORCE | $(FIRST)
	$(call remember,$(CC) $(filter-out -Werror,$(KFLAGS)))
$(O)/user.flags: FORCE | $(FIRST)
	$(call remember,$(CC) $(UFLAGS))
$(O)/kernel.list: FORCE | $(FIRST)
	$(call remember,$(KSRC))
$(O)/user.list: FORCE | $(FIRST)
	$(call remember,$(PROGS) $(ULIBSRC))

# A missing compiler is said in one line, not in one for each file.
.PHONY: tools
tools: | $(FIRST)
	@tools/need $(firstword $(CC)) $(LD) $(HOSTCC)
	@$(if $(filter setup,$(FIRST)),tools/qemu --check)

$(O)/kernel/%.o: kernel/% $(O)/kernel.flags | tools
	@mkdir -p $(@D)
	@echo "  cc    kernel/$*"
	@$(CC) $(KFLAGS) -c -o $@ $<

$(O)/user/%.o: user/% $(O)/user.flags | tools
	@mkdir -p $(@D)
	@echo "  cc    user/$*"
	@$(CC) $(UFLAGS) -c -o $@ $<

# The kernel is linked twice: the first link gives the addresses of all functions, from which the
# table of names for backtraces is made, which lies behind the code and so moves none of them.
KLINK = $(LD) $(LDFLAGS) -T kernel/riscv/kernel.ld
$(O)/kernel.pass1: $(KOBJ) kernel/riscv/kernel.ld $(O)/kernel.list
	@$(KLINK) -o $@ $(KOBJ)

$(O)/ksyms.S: $(O)/kernel.pass1 tools/mkksyms
	@$(NM) -n $< | tools/mkksyms >$@

$(O)/ksyms.o: $(O)/ksyms.S
	@$(CC) $(KFLAGS) -c -o $@ $<

$(BUILD)/kernel: $(KOBJ) $(O)/ksyms.o kernel/riscv/kernel.ld
	@echo "  ld    $@"
	@$(KLINK) -o $@ $(KOBJ) $(O)/ksyms.o

$(O)/user/libuser.a: $(ULIBOBJ) $(O)/user.list
	@rm -f $@
	@$(AR) rcs $@ $(ULIBOBJ)

# What chooses the boot hart (tools/qemu).
$(BUILD)/boothart: tools/boothart.S | tools
	@mkdir -p $(O)
	@$(CC) -mabi=lp64 -c -o $(O)/boothart.o $<
	@$(LD) -nostdlib --no-relax -Ttext 0 -e 0 -o $(O)/boothart $(O)/boothart.o
	@$(CROSS)objcopy -O binary $(O)/boothart $@

# One rule a program, as a directory's program has as many objects as it has files.
define program
$(BUILD)/user/$(1): $(2) $(O)/user/libuser.a user/user.ld
	@mkdir -p $$(@D)
	@echo "  ld    $$@"
	@$$(LD) $$(LDFLAGS) -T user/user.ld -o $$@ $(2) $(O)/user/libuser.a
endef
$(foreach p,$(UFILES),$(eval $(call program,$(p),$(O)/user/$(p).c.o)))
$(foreach p,$(UDIRS),$(eval $(call program,$(p),\
    $(patsubst %,$(O)/%.o,$(sort $(wildcard user/$(p)/*.c))))))

MKFSSRC = $(sort $(wildcard mkfs/*.c))
$(BUILD)/mkfs: $(MKFSSRC) $(wildcard mkfs/*.h kernel/*.h) | tools
	@mkdir -p $(@D)
	@echo "  cc    mkfs"
	@$(HOSTCC) -std=gnu11 -O2 -g -Wall -Wextra $(ERROR) -I. -o $@ $(MKFSSRC)

# Two images with the same content, which no run writes to: a disk's, and a smaller one for the
# deterministic mode, which has it in memory. (By way of another name: an interrupted mkfs leaves no
# half image behind.)
CONTENT = README.md=README.md $(foreach p,$(PROGS),$(p)=$(BUILD)/user/$(p))
$(BUILD)/fresh.img $(BUILD)/ram.img: $(BUILD)/mkfs $(UPROGS) README.md $(O)/user.list
	@echo "  mkfs  $@"
	@$(BUILD)/mkfs $@.new $(if $(filter %/ram.img,$@),-s 8192) $(CONTENT)
	@mv $@.new $@

# The disk of `make qemu`: a run writes to it, and the next run finds it so. Anew when a program changed.
$(BUILD)/fs.img: $(BUILD)/fresh.img
	@cp --sparse=always $< $@

include $(wildcard $(KOBJ:.o=.d) $(ULIBOBJ:.o=.d))
include $(wildcard $(patsubst %.c,$(O)/%.c.d,$(wildcard user/*.c user/*/*.c)))

# ---------------------------------------------------------------------------------------------
# Running it

# make's own status is 2 for any recipe that failed, whatever that one's was. `make qemu` is to end as
# the machine did: a function that is loaded into make (tools/make-exit.c) does that, where make was
# built with its header at hand, as Debian's is. Elsewhere it is 2; the number is printed anyway.
# So does `make grade`.
ifneq (,$(filter qemu grade,$(MAKECMDGOALS)))
-load $(BUILD)/make-exit.so(make_exit_setup)
endif

$(BUILD)/make-exit.so: tools/make-exit.c
	@mkdir -p $(@D)
	@$(HOSTCC) -O2 -Wall -Wextra -fPIC -shared -o $@ $< 2>/dev/null || true

# (all is no file, so this is made anew each time)
$(BUILD)/qemu.status: all
	@tools/qemu; status=$$?; echo $$status >$@; [ $$status = 0 ] || echo "exit status $$status"

.PHONY: qemu
qemu: $(BUILD)/qemu.status ## boot to a shell (Ctrl-A X leaves); options: CPUS MEM RUN DETERMINISTIC SEED IPI BIOS
	@$(exit-with $(shell cat $(BUILD)/qemu.status))exit $$(cat $(BUILD)/qemu.status)

.PHONY: qemu-gdb
qemu-gdb: all ## boot, but wait for `make gdb` in another terminal
	@tools/need gdb-multiarch
	@echo "Waiting for the debugger. In another terminal, in this folder, type: make gdb"
	@GDB=1 tools/qemu

.PHONY: gdb
gdb: ## connect to the machine of `make qemu-gdb`
	@tools/need gdb-multiarch
	@tools/debug

.PHONY: test
test: all ## run all tests (about 20 minutes); ends with a count
	@$(PYTHON) -m pytest -n 2 --dist loadgroup tests

# The graders build the tree themselves: a kernel that does not build has its report, too.
BUILD_WITH = $(foreach o,INVARIANTS TOOLCHAIN WERROR,$(o)=$($(o)))
$(BUILD)/grade.status: FORCE | $(FIRST)
	@mkdir -p $(@D)
	@$(foreach o,FORMAT OUT BUILD_WITH,$(o)=$(call quote,$($(o)))) $(PYTHON) -m grading; echo $$? >$@

.PHONY: grade
grade: $(BUILD)/grade.status ## grade the tree; LAB=4 TEST= SEED=, FORMAT=json,gradescope,github,autolab,junit,ktap,text OUT=
	@$(exit-with $(shell cat $(BUILD)/grade.status))exit $$(cat $(BUILD)/grade.status)

.PHONY: explore
explore: | $(FIRST) ## play the core's scenes with every schedule within a budget: half an hour
	@tools/need $(HOSTCC)
	@$(PYTHON) tests/explore.py

.PHONY: bench
bench: all ## count the instructions of common operations, without assertions
	@$(PYTHON) tools/bench

.PHONY: leaderboard
leaderboard: all ## an entry for the leaderboard of a lab that is solved: LAB=2, 4 or 6; NAME=me OUT=file
	@$(foreach o,NAME OUT,$(o)=$(call quote,$($(o)))) $(PYTHON) -m grading.leaderboard

# What an instructor types; a student's tree does not have it.
include $(wildcard grading/instructor.mk)

# ---------------------------------------------------------------------------------------------
# Around it

.PHONY: setup
setup: | $(filter clean,$(FIRST)) ## install the Debian packages that are needed (before others in one line)
	@tools/setup $(if $(filter test format check-format,$(MAKECMDGOALS)),--test)

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

.PHONY: clean
clean: ## remove all that was built
	rm -rf build build-bench

.PHONY: help
help: ## this list
	@awk -F ':[^#]*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' \
	    Makefile $(wildcard grading/instructor.mk)

# Mistyped: a name that nothing makes, or one that is only a folder's.
mistyped = @echo "make $@: there is no such command; type: make help" >&2; exit 2
.PHONY: grading kernel tests user
grading kernel tests user: ; $(mistyped)
.DEFAULT: ; $(mistyped)
