/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes of the scheduler tests: see user/scene.h.
 */
#include "kernel/types.h"
#include "user/scene.h"
#include "user/user.h"

#define MAX_PROCESSES 16

static struct kt_scene scene;
static struct kt_event events[KT_EVENTS_MAX];
static int nparams;
static char **params;
static const char *key = "-";
static struct process {
    const char *name;
    void (*before)(int i);
    void (*body)(int i);
} processes[MAX_PROCESSES];
static int nprocesses;
static int with_free;
static int in_child;
static const char *self; /* the name of this process of the scene */

static const char *value_of(const char *name)
{
    uint n = strlen(name);

    for (int i = 0; i < nparams; i++)
        if (strlen(params[i]) > n && memcmp(params[i], name, n) == 0 && params[i][n] == '=')
            return params[i] + n + 1;
    return 0;
}

int param(const char *name, int deflt)
{
    const char *v = value_of(name);

    if (v == 0)
        return deflt;
    for (const char *c = v; *c; c++)
        if (*c < '0' || *c > '9') {
            fprintf(2, "%s=%s: not a number\n", name, v);
            exit(1);
        }
    return atoi(v);
}

int step(int op, int a, int b)
{
    if (scene.nsteps == KT_STEPS) {
        fprintf(2, "scene: more than %d steps\n", KT_STEPS);
        exit(1);
    }
    scene.step[scene.nsteps] = (struct kt_step){.op = op, .a = a, .b = b};
    return scene.nsteps++;
}

int thread(const char *name, int cpu, int pri, int script, int start)
{
    struct kt_thread *t = &scene.thread[scene.nthreads];

    if (scene.nthreads == KT_THREADS) {
        fprintf(2, "scene: more than %d threads\n", KT_THREADS);
        exit(1);
    }
    memmove(t->name, name, strlen(name) < sizeof(t->name) ? strlen(name) + 1 : sizeof(t->name));
    t->cpu = cpu;
    t->pri = pri;
    t->script = script;
    t->start = start;
    return scene.nthreads++;
}

void thread_flags(int t, int flags)
{
    scene.thread[t].flags = flags;
}

int caller(const char *name, int cpu, int script)
{
    int t = thread(name, cpu, 0, script, 0);

    if (setaffinity(1UL << cpu) < 0) {
        fprintf(2, "scene: no cpu %d\n", cpu);
        exit(1);
    }
    thread_flags(t, KTF_CALLER);
    return t;
}

int caller_child(const char *name, int cpu, int script)
{
    in_child = 1;
    return caller(name, cpu, script);
}

void scene_timeout(int ms)
{
    scene.timeout = ms;
}

static void print_event(const struct kt_event *e)
{
    printf("ev key=%s what=%s td=%s cpu=%d n=%u val=%ld t=%lu\n", key, e->what, e->thread, e->cpu,
           e->n, e->val, e->time);
}

/* Names in events end with a NUL, or fill their field. */
static void print_events(int n)
{
    for (int i = 0; i < n; i++) {
        struct kt_event e = events[i];
        e.what[sizeof(e.what) - 1] = 0;
        e.thread[sizeof(e.thread) - 1] = 0;
        print_event(&e);
    }
}

static void print_audit(void)
{
    struct kt_audit a;

    if (ktest(KT_AUDIT, &a, sizeof(a)) < 0) {
        fprintf(2, "audit: refused\n");
        exit(1);
    }
    printf("audit key=%s threads=%lu allq=%lu runnable=%lu undelivered=%lu ipimask=%lu crit=%lu "
           "refs=%lu\n",
           key, a.threads, a.allq, a.runnable, a.undelivered, a.ipimask, a.crit, a.refs);
}

/* Play the scene of threads. Returns the result of KT_RUN; if a child plays it, which is killed in it,
 * that is always 0. */
static int play_threads(void)
{
    if (in_child == 0)
        return ktest(KT_RUN, &scene, sizeof(scene));
    if (fork() == 0)
        exit(ktest(KT_RUN, &scene, sizeof(scene)));
    wait(0);
    return 0;
}

int process(const char *name, void (*before)(int i), void (*body)(int i))
{
    if (nprocesses == MAX_PROCESSES) {
        fprintf(2, "scene: more than %d processes\n", MAX_PROCESSES);
        exit(1);
    }
    processes[nprocesses] = (struct process){name, before, body};
    return nprocesses++;
}

void log_free_cpus(void)
{
    with_free = 1;
}

int log_event(const char *what, int64 val)
{
    struct kt_proc_event e = {.val = val};

    if (what != 0)
        strcpy(e.what, what);
    strcpy(e.name, self);
    return ktest(KT_PROC_EVENT, &e, sizeof(e));
}

/* A process of the scene: wait until the gate has no writer any more, then play. */
static void process_main(int i, const int *gate)
{
    char c;

    self = processes[i].name;
    close(gate[1]);
    if (processes[i].before)
        processes[i].before(i);
    read(gate[0], &c, 1);
    close(gate[0]);
    processes[i].body(i);
    exit(0);
}

/* Play the scene of processes. Returns 0, or 1 if a process failed, or -1 if the kernel refused it. */
static int play_processes(void)
{
    struct kt_procs procs = {.nprocs = nprocesses, .timeout = scene.timeout, .log_free = with_free};
    int gate[2], ended = 0, status;

    if (pipe(gate) < 0)
        return -1;
    for (int i = 0; i < nprocesses; i++)
        if (fork() == 0)
            process_main(i, gate);
    close(gate[0]);
    sleep(1); /* all are at the gate */
    if (ktest(KT_PROCS, &procs, sizeof(procs)) < 0)
        return -1;
    close(gate[1]);
    while (ended < nprocesses && wait(&status) > 0)
        ended += status == 0;
    procs.timeout = 0;
    ktest(KT_PROCS, &procs, sizeof(procs));
    sleep(1); /* other threads, such as the one that writes the log, finish before the audit */
    return ended == nprocesses ? 0 : 1;
}

static void play(const char *name)
{
    /* Other processes finish what they are doing, such as the parent that is about to wait, so that
     * the scene begins on idle cpus. */
    sleep(1);

    int result = nprocesses ? play_processes() : play_threads();
    int n;

    if (result < 0) {
        fprintf(2, "%s: the kernel refused the scene (is ktest=1 among the boot arguments?)\n",
                name);
        exit(1);
    }
    printf("scene key=%s test=%s result=%s\n", key, name, result == 0 ? "ended" : "timeout");
    n = ktest(KT_EVENTS, events, sizeof(events));
    print_events(n);
    print_audit();
    printf("end key=%s test=%s events=%d\n", key, name, n);
    exit(result == 0 ? 0 : 1);
}

int scene_main(int argc, char **argv, const struct test *tests, int ntests)
{
    if (argc > 1) {
        params = argv + 2;
        nparams = argc - 2;
        if (value_of("key"))
            key = value_of("key");
        scene.timeout = param("timeout", 2000);
        scene.seed = param("seed", 1);
        for (int i = 0; i < ntests; i++)
            if (strcmp(tests[i].name, argv[1]) == 0) {
                tests[i].build();
                play(argv[1]);
            }
    }
    fprintf(2, "usage: %s TEST [name=value ...]; tests:", argv[0]);
    for (int i = 0; i < ntests; i++)
        fprintf(2, " %s", tests[i].name);
    fprintf(2, "\n");
    exit(1);
}
