/* SPDX-License-Identifier: BSD-3-Clause
 * The steps of a scene's scripts, one row each:
 *
 *   STEP(name, kind of operand a, kind of operand b, what the kernel does)
 *
 * kernel/ktest.h makes the numbers of the steps from these rows; kernel/ktest/steps.c makes the checks
 * of the operands, for which it lists the kinds, and the functions that play the steps. A new step is
 * a row here, and a function of kernel/ktest if it takes more than a call. There `ctx` is the place in
 * the script; td(a) is the scene's thread a, and var(a) points to its variable a.
 *
 * The comments say what a step writes down (its events) and what the code does not show. In them,
 * "v[a]" is variable a, and "this cpu" is the one that plays the step.
 */

/* Scripts. A body's script ends with K_END, as a thread's does; the thread exits. Loops: K_AGAIN goes
 * back to its K_REPEAT until the steps between them were played b times; up to four deep. */
STEP(K_END, ANY, ANY, (void)0)
STEP(K_LOG, ANY, ANY, kt_log("log", ctx->name, b))
STEP(K_REPEAT, ANY, COUNT, repeat(ctx, b))
STEP(K_AGAIN, ANY, ANY, again(ctx))
STEP(K_CREATE, CPU, SCRIPT, create(ctx, a, b)) /* a thread on cpu a */

/* Variables. */
STEP(K_SET, VAR, ANY, publish(var(a), b))
STEP(K_ADD, VAR, ANY, amo_add_acqrel(var(a), b))
STEP(K_WAIT, VAR, ANY, wait_var(a, b))      /* until v[a] >= b, without a switch */
STEP(K_AWAIT, VAR, ANY, kt_await_var(a, b)) /* the same, letting other threads of this cpu run */
STEP(K_VALUE, VAR, ANY, kt_log("value", ctx->name, consume(var(a))))
STEP(K_BUMP, VAR, ANY, kt_add_in_steps(var(a))) /* v[a] += 1: load, a turn for other cpus, store */

/* Time, in microseconds. */
STEP(K_SPIN, ANY, COUNT, spin(b))                   /* compute, taking interrupts */
STEP(K_PAUSE, ANY, COUNT, kt_pause(b))              /* the same, letting the other harts run */
STEP(K_JITTER, ANY, COUNT, pause_at_random(ctx, b)) /* 0 to b, from the scene's seed */

/* Switching. */
STEP(K_YIELD, ANY, ANY, lwkt_yield())
STEP(K_SWITCH, ANY, ANY, lwkt_switch())
STEP(K_DESCHED, ANY, ANY, lwkt_deschedule_self(curthread))
STEP(K_SCHED, THREAD, ANY, lwkt_schedule(td(a)))
STEP(K_DESCHED_OF, THREAD, ANY, lwkt_deschedule(td(a)))
STEP(K_SCHED_IDLE, CPU, ANY, lwkt_schedule(&globaldata_of[a]->gd_idlethread))
STEP(K_USEREXIT, ANY, ANY, kt_userexit()) /* the process goes almost to user mode, and back */
/* Of the calling process: "current" of this cpu, "hook" (td_release): 0 or 1; "pri"; "target":
 * p_target; "had": microseconds as a current process */
STEP(K_USCHED, ANY, ANY, kt_log_usched(ctx->name))
/* "ast": AST_USER_RESCHED (2) and AST_LWKT_RESCHED (4) of this cpu; they are cleared. */
STEP(K_AST, ANY, ANY, kt_log_ast(ctx->name))
STEP(K_SPACE, CPU, ANY, kt_log_space(ctx->name, a)) /* "loaded": cpu a has this process's memory */
STEP(K_SETPRI, ANY, PRI, lwkt_setpri_self(b))
STEP(K_SETPRI_OF, THREAD, PRI, lwkt_setpri(td(a), b))
STEP(K_CRIT_ENTER, ANY, ANY, crit_enter())
STEP(K_CRIT_EXIT, ANY, ANY, crit_exit())
STEP(K_EXIT_NOYIELD, ANY, ANY, crit_exit_noyield())
/* Wait in a critical section for a software interrupt, b us or until the next interrupt: "noted".
 * a = 1: go on waiting after it. */
STEP(K_DOZE, BOOL, COUNT, kt_doze(ctx->name, b, a == 1))
/* A software interrupt for cpu a, by the firmware (b = 0) or the SSWI device; "raised": the result */
STEP(K_RAISE_AT, CPU, BOOL, kt_raise_at(ctx->name, a, b == 1))
/* A software interrupt is noted in a section. Then K_STATE after crit_exit_noyield() / after
 * crit_exit() as if this were a deep in splz, and in the work of b interrupts / after splz(), with
 * interrupts off (b = 0) or on. */
STEP(K_NOYIELD, ANY, ANY, kt_exit_noyield(ctx->name))
STEP(K_NESTED, NATURAL, NATURAL, kt_exit_nested(ctx->name, a, b))
STEP(K_SPLZ, ANY, BOOL, kt_splz(ctx->name, b == 1))
STEP(K_ASLEEP, THREAD, ANY, kt_wait_asleep(td(a))) /* until a neither runs nor is runnable */
/* Until this cpu is asked to reschedule, at most b microseconds; "asked": whether it was. */
STEP(K_UNTIL, ANY, COUNT, kt_until_resched(ctx->name, b))

STEP(K_RUNQ, THREAD, NATURAL, kt_runq_call(ctx->name, td(a), b)) /* KQ_* */
/* Until v[b] is set: "early": how often a was seen off the cpu before. */
STEP(K_WATCH, THREAD, VAR, kt_watch_running(ctx->name, td(a), b))
/* lwkt_switch_to(a), with interrupts off (b = 0) or on; after it "enabled": whether they are on */
STEP(K_SWITCH_TO, THREAD, BOOL, kt_switch_to(ctx->name, td(a), b == 1))
/* lwkt_switch with messages noted; after it "noted": whether they still are */
STEP(K_SWITCH_NOTED, ANY, ANY, kt_switch_noted(ctx->name))
/* Ask this cpu for AST_* / "asked": those of b that it still is asked for, which end. */
STEP(K_ASK, ANY, NATURAL, kt_ask(b))
STEP(K_ASKED, ANY, NATURAL, kt_log_asked(ctx->name, b))

/* Looks at threads and cpus. K_LOOK's events are logged as thread a's own; b: KL_* */
STEP(K_LOOK, THREAD, ANY, kt_look(a, b))
STEP(K_THREAD, THREAD, ANY, kt_log("state", ctx->name, kt_thread_state(td(a)))) /* KT_* */
STEP(K_WMESG, THREAD, ANY,
     kt_log_wmesg(ctx->name, td(a))) /* an event of this kind, or "no-wmesg" */
/* "reqflags", "sie", "sip", "crit", "nesting", "enabled" */
STEP(K_STATE, ANY, ANY, kt_log_state(ctx->name))
/* "messages", "hardware", "avoided", "fifofull", "passive", "tokcontend", "mpcontend", "missed",
 * "switches", "idle_waits" */
STEP(K_COUNTERS, ANY, ANY, kt_log_counters(ctx->name))
STEP(K_PREEMPTS, ANY, ANY, kt_log_preempts(ctx->name)) /* "hit", "miss", "weird", "switches" */
STEP(K_RESCHED, ANY, ANY, kt_log_resched(ctx->name))   /* "resched": this cpu was asked to */
/* With thread a runnable at priorities 0 to 31: "better", a bit for each lwkt_checkpri_self(); after a
 * was descheduled: "stale", the same. */
STEP(K_CHECKPRI, THREAD, ANY, kt_check_priorities(ctx->name, td(a)))
/* "pid": of this thread's process, "victim": of lwkt_preempted_proc(); or 0 */
STEP(K_PROC, ANY, ANY, kt_log_proc(ctx->name))
/* "listed", "astray": the places of this thread on its own cpu's list, and on those of others */
STEP(K_LISTED, ANY, ANY, kt_log_lists(ctx->name))

/* Record the events b of the trace, a mask of KTR_BIT. / Record no more. What the scene's threads did
 * on this cpu: events of such names ("preempt", "token_get", ..), of the thread that ran, whose value
 * is the number of the thread or the token; after each "with": the trace's second value. */
STEP(K_TRACE, ANY, NATURAL, kt_trace((uint32)b))
STEP(K_TRACED, ANY, NATURAL, kt_log_trace((uint32)b))

/* IPI messages; their bodies are scripts too. */
STEP(K_IPI, CPU, SCRIPT, send_script(ctx, a, b)) /* "sent": the sequence number */
STEP(K_IPI_PASSIVE, CPU, SCRIPT, send_script_passive(ctx, a, b))
/* To the last message sent. */
STEP(K_IPI_WAIT, CPU, ANY, lwkt_wait_ipiq(globaldata_of[a], ctx->last_seq))
STEP(K_FLOOD, CPU, NATURAL, kt_flood(ctx, a, b)) /* b messages; their bodies: "ipi": 0, 1, 2, ... */
/* b messages whose bodies are slow: "first": the first send that waited for room, or -1, "waits": how
 * many did, "resumed": the most messages in the ring after one that did */
STEP(K_FILL, CPU, COUNT, kt_fill(ctx->name, a, b))
/* lwkt_send_ipiq_mask to the cpus of the mask a; "mask" of thread "ipi": a cpu where it ran; "count" */
STEP(K_MASK, CPUS, CPU, kt_send_mask(ctx->name, (cpumask_t)a << b))
STEP(K_OPTIMIZED, ANY, BOOL, poke(&lwkt_ipiq_optimized, b))
/* Up to b messages, until one is refused; "accepted": how many were sent, "told": how often the target
 * was told, or would have been */
STEP(K_NOWAIT, CPU, COUNT, kt_flood_nowait(ctx, a, b))
STEP(K_SEQ, CPU, ANY, kt_log("seq", ctx->name, lwkt_seq_ipiq(globaldata_of[a])))
/* b messages to each other cpu in turn, each of which is answered; "depth": the most messages in a
 * ring of this cpu's */
STEP(K_FLOODALL, ANY, COUNT, kt_flood_all(ctx, b))
/* Of all of these: "got", "answers", "misordered". */
STEP(K_TALLY, ANY, ANY, kt_log_tallies(ctx->name))
/* b messages to the next cpu, each of which goes on from cpu to cpu a times. / Until b of them have
 * ended; event "nest": how deep bodies were. */
STEP(K_FORWARD, ANY, COUNT, kt_forward((uint64)a, b))
STEP(K_FORWARDED, ANY, COUNT, kt_await_forwarded(ctx->name, b))
/* b = 1: take all pages that are free, or kept by this cpu; 0: give all back. */
STEP(K_HOG, ANY, ANY, kt_hog(b == 1))

/* Interrupts for this cpu. Sources: 1 software interrupt, 2 timer, 4 external (cpu 0 only). */
STEP(K_RAISE, ANY, SOURCES, kt_raise(b))
/* "handled": runs of all handlers so far, "spurious": interrupts without a handler, "limited": how
 * often a source was found too fast */
STEP(K_INTR_COUNTS, ANY, ANY, kt_log_intr_counts(ctx->name))
STEP(K_SPURIOUS, ANY, ANY,
     kt_spurious()) /* three of these: one without a handler, two that are none */
/* The handlers of the next b external interrupts raise these, or 8: their own thread, at once; 16: they
 * take 100 us; 32: they write nothing down. */
STEP(K_AGAIN_INTR, SOURCES_ITHD, NATURAL, kt_raise_again(a, b))
/* b rounds of entering 1 to 8 critical sections, raising a software interrupt (a = 1), and leaving
 * them; and on until the chain of K_TIMER is over; "left": rounds after which gd_reqflags was set */
STEP(K_STORM, ANY, COUNT, storm(ctx, a != 0, b))
STEP(K_TIMER, ANY, COUNT, kt_chain_start(a, b)) /* a chain of b interrupts, a us apart */
/* Until its end: "fired"; the times that its work was done in a section ("inside"), with the timer let
 * in ("let_in"), with interrupts off ("alone"), and not at nesting level 1 ("level") */
STEP(K_TIMER_END, ANY, ANY, kt_chain_wait(ctx->name))
STEP(K_TIMER_STOP, ANY, ANY, kt_chain_stop())
/* "nest", "depth": the deepest recursion of splz, and bytes of stack below a handler, since the last */
STEP(K_NEST, ANY, ANY, kt_log_nest(ctx->name))
/* This cpu is b deep in fatal traps, as far as the switch can see. */
STEP(K_TRAP_LEVEL, ANY, BOOL, mycpu->gd_trap_nesting_level = b)
STEP(K_TESTPOINT, POINT, SETTING, kt_point_set(a, (uint64)b)) /* a: KP_*; up to the scene's end */

/* Systimers. a: the timer, plus 256 times the cpu that it is to fire on. "due", then "timer" */
/* In b us, or (0) at the time of the last one. */
STEP(K_ONESHOT, TIMER, NATURAL, kt_systimer_start(a & 0xff, a >> 8, b, false, false))
STEP(K_PERIODIC, TIMER, COUNT, kt_systimer_start(a & 0xff, a >> 8, b, true, false)) /* every b us */
/* The same; it deletes itself when it fires first. */
STEP(K_PERIODIC_ONCE, TIMER, COUNT, kt_systimer_start(a & 0xff, a >> 8, b, true, true))
/* lwkt_pause for b us; "timerleft" if its timer is queued still; "paused": how long it took */
STEP(K_NAP, ANY, COUNT, kt_nap(ctx->name, b))
STEP(K_TIMER_DEL, TIMER, ANY, kt_systimer_delete(a & 0xff)) /* on the cpu that it fires on */

/* tsleep and wakeup. a: the variable that is the ident, plus 256 times the domain. b: ticks of HZ, 0
 * for ever. "asleep", "woke": the result, "sleepflags": its flags that are left; "timerleft" */
STEP(K_TSLEEP, IDENT, NATURAL, kt_tsleep(ctx, a, b, 0))
STEP(K_INTERLOCK, IDENT, ANY, tsleep_interlock(var(a & 0xff), PDOMAIN(a >> 8)))
STEP(K_TSLEEP_CATCH, IDENT, NATURAL, kt_tsleep(ctx, a, b, PCATCH))
STEP(K_TSLEEP_CATCH_LOCKED, IDENT, NATURAL, kt_tsleep(ctx, a, b, PCATCH | PINTERLOCKED))
STEP(K_TSLEEP_QUIET, IDENT, NATURAL, kt_tsleep(ctx, a, b, PNORESCHED))
STEP(K_TSLEEP_REMOVE, ANY, ANY, tsleep_remove())
STEP(K_KILL, THREAD, ANY, kt_kill(td(a))) /* the process of thread a */
STEP(K_TSLEEP_LOCKED, IDENT, NATURAL, kt_tsleep(ctx, a, b, PINTERLOCKED))
STEP(K_WAKEUP, IDENT, WAKEUPS, wakeup_domain(var(a & 0xff), a >> 8, b)) /* b < 0: all */
STEP(K_TURNS, IDENT, NATURAL, kt_take_turns(ctx, a, b)) /* b turns with another thread, by v[a] */

/* Preemption. */
STEP(K_PREEMPT, THREAD, NATURAL,
     kt_preempt(td(a), b))                      /* lwkt_preempt, whether it may or not; b: KX_* */
STEP(K_FORCE, THREAD, ANY, kt_force_add(td(a))) /* for KP_FORCE_PREEMPT, on a's cpu */
/* Until v[0] is set: do b (KW_*), and sleep; "ran", "nested", "damaged" */
STEP(K_PREEMPTER, ANY, NATURAL, kt_preempter(ctx, b))
/* b rounds with a pattern in all registers (a: KW_PATTERN or KW_YIELD); "damaged": a bit for each
 * register that changed */
STEP(K_PATTERN, ANY, NATURAL, kt_pattern(ctx, a, b))
/* Add 1 to a word b times with LR and SC; "crossed": successes of SC although a preempter ran since
 * the LR. a = 1: K_FORCE's first thread is scheduled between the two, and no SC may succeed. */
STEP(K_LRSC, ANY, NATURAL, kt_lrsc(ctx, a != 0, b))
STEP(K_SUM, ANY, ANY, kt_log_sum(ctx->name)) /* "sum": that word, "added": the preempters' part */

/* Wait queues. K_GEN: the generation, for K_BLOCK; "woken": the new one. */
STEP(K_GEN, WAIT_QUEUE, ANY, kt_wait_gen(ctx, a))
STEP(K_BLOCK, WAIT_QUEUE, ANY, kt_wait_block(ctx, a))
STEP(K_BLOCK_UNTIL, WAIT_QUEUE, ANY, kt_wait_until(a, b)) /* v[a] >= b */
STEP(K_SIGNAL, WAIT_QUEUE, ANY, kt_wait_signal(ctx, a, b))
STEP(K_WAITERS, WAIT_QUEUE, ANY, kt_log_waiters(ctx->name, a)) /* "waiters", "queued" */

/* cpusync; a: a mask of cpus. "run", "fin1", "fin2", "simple", "fast" of thread "cs", with the master's
 * cpu; "again", "late": see kernel/ktest/portsteps.c. b = 1: "fin1" serves messages. */
STEP(K_CS_START, CPUS, BOOL, kt_sync_start(ctx, a, b == 1))
STEP(K_CS_ADD, CPUS, ANY, lwkt_cpusync_add(a, &ctx->sync))
STEP(K_CS_FINISH, ANY, ANY, kt_sync_finish(ctx))
/* "syncs" of this cpu so far, "mastering": td_cscount, "sections": td_critcount; "mask" and
 * "targets" of the last sync */
STEP(K_CS_STATE, ANY, ANY, kt_log_sync(ctx))
STEP(K_CS_SIMPLE, CPUS, ANY, kt_sync_simple(a))
STEP(K_CS_FAST, CPUS, ANY, kt_sync_fast(a))

/* Messages between the threads' ports. Each reply writes down "replied": the error. */
STEP(K_MSG_SEND, THREAD, ANY, kt_msg_send(ctx, td(a), b)) /* command b */
STEP(K_MSG_DO, THREAD, ANY, kt_msg_do(ctx, td(a), b))
STEP(K_MSG_RECEIVE, ANY, ANY, kt_msg_receive(ctx)) /* "got" or "aborted": the command; "replied" */
/* Error b, to the last request received; a = 1: and again with the next K_MSG_REPLY. */
STEP(K_MSG_REPLY, BOOL, ANY, kt_msg_reply(ctx, a == 1, b))
STEP(K_MSG_SERVE, ANY, ANY, kt_msg_serve(ctx, b)) /* b times: receive, reply with the command */
STEP(K_MSG_ABORT, ANY, ANY, kt_msg_abort(ctx))    /* To the last message sent. */
STEP(K_MSG_TELL, ANY, ANY, kt_msg_tell(ctx)) /* send this thread an abort of its last request */
STEP(K_MSG_PICK, ANY, NATURAL, kt_msg_pick(ctx, b)) /* the reply to the message b before the last */
STEP(K_MSG_REUSE, ANY, BOOL, ctx->reuse = b == 1) /* later messages are in the last one's memory */
STEP(K_MSG_PORT, ANY, ANY, kt_msg_port(ctx))      /* later messages have another reply port */
STEP(K_MSG_AT_ONCE, BOOL, ANY, kt_msg_at_once(ctx, a == 1, b)) /* send or do; the port replies b */
STEP(K_MSG_UNPREPARED, THREAD, BOOL, kt_msg_unprepared(ctx, td(a), b == 1)) /* the last one again */
STEP(K_MSG_SET_FLAGS, ANY, ANY, kt_msg_set_flags(ctx, (uint32)b))           /* of the last one */
STEP(K_MSG_STEAL, THREAD, ANY, kt_msg_steal(ctx, td(a))) /* from a's port; "stolen": the command */
/* "flags": ms_flags of the last request received or (a = 1) of the last message sent */
STEP(K_MSG_FLAGS, BOOL, ANY, kt_msg_flags(ctx, a == 1))
STEP(K_PORT, THREAD, ANY,
     kt_log_port(ctx->name, td(a))) /* "waiting": 0 or 1, "inqueue": messages */

/* Tokens, and the MP lock. */
STEP(K_GETTOKEN, TOKEN, ANY, kt_token_get(ctx, a))
STEP(K_TRYTOKEN, TOKEN, ANY, kt_token_try(ctx, a))             /* "try": the result */
STEP(K_RELTOKEN, TOKEN, ANY, kt_token_release(ctx, a, b == 1)) /* the last taking, or the first */
STEP(K_HAVETOKEN, TOKEN, ANY, kt_log("have", ctx->name, lwkt_havetoken(kt_token(a))))
/* Take and release token a, and use the memory of the reference for something else for b us;
 * "damaged": words of it that changed */
STEP(K_TOKENFRAME, TOKEN, COUNT, kt_token_frame(ctx->name, a, b))
STEP(K_COUNT, TOKEN, COUNT, kt_token_count(ctx, a, b)) /* b times: take, add 1 to v[a], release */
STEP(K_GETMP, ANY, ANY, get_mplock())
STEP(K_TRYMP, ANY, ANY, kt_log("try", ctx->name, try_mplock()))
STEP(K_RELMP, ANY, ANY, rel_mplock())
STEP(K_WANTMP, ANY, ANY, curthread->td_mpcount += b)          /* as inside get_mplock() */
STEP(K_MPSTATE, THREAD, ANY, kt_log_mplock(ctx->name, td(a))) /* "mpcount": a's, "mpheld": cpu's */

/* Migration. */
STEP(K_SETCPU, CPU, ANY, lwkt_setcpu_self(globaldata_of[a]))
/* b times to the next cpu, or (a = 1) to a random one, with known values in registers and stack;
 * "hops"; "damaged": those after which any had changed; arrivals "astray": not where they should be,
 * "left": with gd_reqflags set; "double": times that the thread ran on two cpus */
STEP(K_ROAM, ANY, COUNT, kt_roam(ctx, b, a == 1))
STEP(K_STAMP, ANY, COUNT, kt_stamp(ctx->name, b))          /* stay for b us; "double": as above */
STEP(K_ACQUIRE, THREAD, ANY, kt_acquire(ctx->name, td(a))) /* "oncpu": its flags that say it runs */

/* The life of threads. */
/* b threads on cpu a, one after the other, of both stack sizes; "dirty": those that did not start as
 * new ones do, "damaged": words of their stacks that changed, "fresh": different structs, at most 200,
 * "revived": threads in the struct of the last K_KEEP */
STEP(K_CHURN, CPU, COUNT, kt_churn(ctx, a, b))
STEP(K_KEEP, THREAD, ANY, kt_keep(ctx->name, td(a))) /* remember a; "refs" */
STEP(K_KEPT, ANY, ANY, kt_log_kept(ctx->name))       /* "kept": it has exited, and is untouched */
/* The scene's reference to a; no steps with a may follow. */
STEP(K_RELE, THREAD, ANY, kt_rele(a))
STEP(K_WAITFREE, THREAD, ANY, lwkt_wait_free(td(a)))
/* A thread on cpu a in a struct of the scene's, with a stack of b bytes of the scene's too, or (b = 0)
 * without one. Events as K_CHURN's; "wants": the size that its stack should have; "size": the size that
 * is recorded for it; "stack": whether the struct still has one when the thread is dead. */
STEP(K_TEMPLATE, CPU, ANY, kt_run_template(ctx, a, (size_t)b))
STEP(K_UNBORN, CPU, COUNT, kt_make_unborn(ctx, a, b)) /* given up before they run; event "ran": 0 */
/* Exited threads of cpu a: "keeps": at most, "cached": now. */
STEP(K_CACHED, CPU, ANY, kt_log_cached(ctx->name, a))

/* Harts. */
/* "hart", "here", "tp", "sp", "ticks": this cpu's; "satp": gd_satp is what is loaded; "plic": its PLIC
 * context is set up */
STEP(K_HART, ANY, ANY, kt_log_hart(ctx->name))
/* "cpus": how many, "beyond": numbers above that have a globaldata, "started": a bit for each hart that
 * the firmware says runs */
STEP(K_HARTS, ANY, ANY, kt_log_harts(ctx->name))
/* Have the firmware start this cpu's own hart, which it refuses, then hart b, which no cpu is: "asked",
 * its answers. "spare": the id that the started hart found in a0, if it found its argument in a1 */
STEP(K_SPARE, ANY, NATURAL, kt_start_spare(ctx->name, (uint64)b))

/* Everything at once, for the soak test: b random operations; then wait until v[a] >= b, when all
 * threads have done theirs: "made", "lost", "messages". See kernel/ktest/soaksteps.c. */
STEP(K_SOAK, ANY, COUNT, kt_soak(ctx, b))
STEP(K_SOAK_END, VAR, ANY, kt_soak_end(ctx->name, a, b))
