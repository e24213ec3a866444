# SPDX-License-Identifier: BSD-3-Clause
"""What failures of lab 1 usually come from: harts and boot."""

WRITES = "hart_start hart_start_all number_boot_hart sbi_hart_start start_secondary"

RULES = [
    ("", "up", r"has not started it", "sbi_hart_start() has not started that hart: look at the "
     "extension, the function number and the order of a0 to a2; or hart_start_all() leaves it out"),
    ("", "up hang", r"\bhart_start\b", "hart_start() waits for a hart that never says that it is up: "
     "look at what start_secondary() does before it says so; after START_WAIT seconds hart_start() "
     "gives up"),
    ("", "up hang", r"hart_park", "start_secondary() parks the hart: it came too late, or hart_start() "
     "has not put it into the tables before it called sbi_hart_start()"),
    ("", "up", "", "number_boot_hart() comes first, then hart_start_all(): the boot hart is cpu 0, "
     "runs already, and must not be started"),
    ("b7", "hang", "", "the hart that sbi_hart_start() is asked for does not get where it is told to, or the "
     "call does not return: a0 to a2 are the hart's id, entry_pa and opaque"),
    ("b9_n", "hang", r"", "hart_start() sets start_state to HART_STARTING before it starts a hart, each time, also after one "
     "that was given up, and starts the next hart only when the one before is up or given up"),
    ("b9", "hang", "", "hart_start() has counted a hart that has not come: after START_WAIT seconds it gives "
     "the hart up, and returns false"),
    ("", "hang end", "", "start_secondary() sets up the CSRs, the page table, the PLIC context and "
     "main_secondary: a hart without one of them does not take messages or ticks, and others wait for "
     "it; so they do if hart_start() has counted a hart that is not up yet, or if a hart parks although it was "
     "the first to change start_state: `info threads` in gdb shows where each hart is"),
    ("", "panic", r"boot hart|no hart", "number_boot_hart() looks for the id of the hart that booted "
     "among all places of the board"),
    ("", "panic", "", "hart_start() must prepare the cpu (prepare_cpu, globaldata_of, cpu_set_hart) "
     "before the hart runs start_secondary()"),
    ("b", "", r"cpu 0 and cpu|as cpu 0", "number_boot_hart() has taken another hart for the one that booted: it "
     "looks for its id among the places of the board; cpu 0 need not be the first place"),
    ("b", "", r"name the boot hart", "number_boot_hart() must note the boot hart's id in boot_hart, and not "
     "its place; hart_start_all() prints that id, and starts all harts but this one"),
    ("b", "", r"the line '", "hart_start_all() prints how many harts are up, `1 hart` or `2 harts`, and the "
     "id of the one that booted"),
    ("b", "", r"globaldata_of\[\]", "hart_start() takes the globaldata of a hart that did not come out of "
     "globaldata_of, after an error of the firmware and after START_WAIT seconds"),
    ("b", "", r"gd_satp", "start_secondary() loads the kernel's page table (pmap_load_kernel), and hart_start() has "
     "written its address, the boot thread's gd_satp, to secondary_start.satp"),
    ("b1", "", r"PLIC", "start_secondary() calls plic_inithart() with the number of its cpu"),
    ("b", "", r"not counted yet", "hart_start() publishes ncpus when the hart has said that it is up, and not "
     "before"),
    ("b", "", r"in the order in which they are started", "hart_start_all() starts the harts in the order of their "
     "places, and with reverse_harts=1 in the opposite one; number_boot_hart() makes the boot hart cpu 0"),
    ("b", "", r"to run .*it did not|to run; it did not", "that cpu does not run: "
     "hart_start_all() leaves out a place of the board (the first or the last, in either order), hart_start() starts "
     "another hart, or start_secondary() does not get to the idle loop"),
    ("b[67]", "", r"\(error -?[0-24578-9]|\(error -?\d\d", "sbi_hart_start() must return the firmware's error as it is in a0"),
    ("b", "", r"error -6|started once", "hart_start_all() starts the boot hart, which runs already, or a hart "
     "twice"),
    ("b[12]", "", r"cannot be started", "hart_start_all() starts the boot hart, which runs already, or "
     "a hart twice"),
    ("b[2-8]", "", r"ncpus is", "hart_start_all() leaves out a place of the board (the first or the last, in either "
     "order), or hart_start() counts a hart that is not up, or uses up a number for one that does not start"),
    ("b", "", r"ncpus is 1\b", "no other hart has come: sbi_hart_start() asks for the wrong thing (the "
     "extension, the function number, the order of a0 to a2), hart_start() takes none of them for up, or "
     "hart_start_all() leaves it out"),
    ("b", "", r"ncpus is|to have started harts", "the loop in hart_start_all() leaves out a place "
     "of the board, or hart_start() counts a hart that is not up"),
    ("b", "", r"is hart|does not arrive|to be one of the harts|different hart", "hart_start() "
     "mixes up three numbers: a cpu's number, a place in board.hartid[], and a hart's id"),
    ("b1", "", "", "hart_start_all() misses a hart, or hart_start() counts one before it is up"),
    ("b2", "", "", "hart_start() mixes up three numbers: a cpu's number, a place in board.hartid[], "
     "and a hart's id"),
    ("b3", "", "", "number_boot_hart() must look for the boot hart's place; cpu 0 need not be the "
     "first place"),
    ("b4", "", "", "hart_start() must write secondary_start.idle, the new cpu's idle thread, before it "
     "calls sbi_hart_start()"),
    ("b5", "", "", "start_secondary() must set up the timer (main_secondary) before the cpu idles"),
    ("b6", "", "", "sbi_hart_start() must return the firmware's error, and hart_start() must give the "
     "number of a hart that does not start to the next one"),
    ("b7", "", r"return the firmware's error|return 0", "sbi_hart_start() must return what the firmware has in a0 "
     "after the call: 0, or its negative error"),
    ("b7", "", r"argument in a1", "sbi_hart_start() must pass entry_pa in a1 and opaque in a2: the hart "
     "begins at the one, with the other in its a1"),
    ("b9", "", r"waited for", "hart_start() gives a hart up too early: cpu_time() counts cpu_timebase ticks a "
     "second, and START_WAIT is a number of seconds"),
    ("b9_n", "", r"ncpus|to run|the line", "hart_start() sets start_state to HART_STARTING before it starts a hart, each "
     "time, also after one that was given up"),
    ("b9", "", "", "hart_start() must give a hart up after START_WAIT seconds: the error is -1 then, and it "
     "returns false"),
    ("b7", "", "", "hart_start_all() must go through board.hartid[], and not from hart 0 to n - 1"),
]
