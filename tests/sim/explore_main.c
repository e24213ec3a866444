/* SPDX-License-Identifier: BSD-3-Clause
 * explore -s SCENE [-c CPUS] [-p PREEMPTIONS] [-i INTERRUPTS] [-r STALE READS] [-t SECONDS] [-a] [-o]
 *         [-q] [-u] [-g FILE] [-w SITE:ORDER] [-x SCHEDULE]
 * explore -l | -L
 *
 * Plays a scene with every schedule within the three budgets, smaller ones first, so that a failure's
 * schedule is among the shortest. One line says what came of it; a failure is printed as a timeline.
 *
 *   -t   end the search after so much processor time; a schedule that does not end fails by itself (loops.c)
 *   -a   switch cpus at every primitive, not only where several cpus use the word
 *   -o   print the outcomes that were reached
 *   -q   a failure is one line
 *   -u   print the numbers of the sites that were played
 *   -g   the file names variables, by address and size, that no execution puts back
 *   -w   give one site (of -L) another order: a sum of 1 acquire, 2 release, 4 full
 *   -x   play this schedule, and print its timeline
 *   -l   list the scenes; -L: list the sites of the core's primitives
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cpu.h"
#include "explore.h"
#include "scenes.h"
#include "scenes_upper.h"

#define ENTRY(name_, cpus_) {.name = #name_, .min_cpus = (cpus_), .play = play_##name_},

const struct scene explore_scenes[] = {LITMUS_SCENES(ENTRY) CORE_SCENES(ENTRY) UPPER_SCENES(ENTRY)};
const int explore_nscenes = sizeof(explore_scenes) / sizeof(explore_scenes[0]);

extern struct sim_site __start_sim_sites[], __stop_sim_sites[]; /* the linker's */

#define SCHEDULE_MAX 65536

static bool quiet, everywhere, outcomes, sites_used;
static int budget[NBUDGETS] = {2, 0, 0}, ncpu;
static double limit = 60;
static const char *scene_name, *schedule, *program, *weaker;

static int by_place(const void *a, const void *b)
{
    const struct sim_site *x = *(struct sim_site *const *)a, *y = *(struct sim_site *const *)b;
    int c = strcmp(x->file, y->file);

    c = c != 0 ? c : x->line - y->line;
    c = c != 0 ? c : strcmp(x->name, y->name);
    return c != 0 ? c : strcmp(x->word, y->word);
}

/* Copies of an inline function's site have one number. */
static struct sim_site **number_sites(int *n)
{
    int count = (int)(__stop_sim_sites - __start_sim_sites);
    struct sim_site **s = host_alloc((size_t)count * sizeof(*s));

    for (int i = 0; i < count; i++)
        s[i] = &__start_sim_sites[i];
    qsort(s, (size_t)count, sizeof(*s), by_place);
    for (int i = 0, number = 0; i < count; i++) {
        if (i > 0 && by_place(&s[i - 1], &s[i]) != 0)
            number++;
        s[i]->number = number;
    }
    *n = count;
    return s;
}

static void list_sites(struct sim_site **s, int n)
{
    for (int i = 0; i < n; i++)
        if (strncmp(s[i]->file, "kernel/", 7) == 0 && (i == 0 || s[i]->number != s[i - 1]->number))
            printf("%d %u %s:%d %s %s\n", s[i]->number, s[i]->whole, s[i]->file, s[i]->line,
                   s[i]->name, s[i]->word);
}

static void weaken(struct sim_site **s, int n, const char *what)
{
    int number;
    uint32 order;

    if (sscanf(what, "%d:%u", &number, &order) != 2) {
        fprintf(stderr, "-w %s: a site's number and an order\n", what);
        exit(2);
    }
    for (int i = 0; i < n; i++)
        if (s[i]->number == number)
            s[i]->order = order;
}

static void spare_variables(const char *file)
{
    FILE *f = fopen(file, "r");
    uint64 p, size;

    while (f != NULL && fscanf(f, "%lx %lx", &p, &size) == 2)
        snapshot_spare((char *)p, size);
    if (f != NULL)
        fclose(f);
}

/* Where the accesses are that a failure names ("cpu 1 at 41292d"). */
static void print_places(const char *message)
{
    void *pc;
    int cpu;

    for (const char *s = message; (s = strstr(s, "cpu ")) != NULL; s++)
        if (sscanf(s, "cpu %d at %p", &cpu, &pc) == 2)
            print_functions("access", cpu, &pc, 1);
}

static void print_failure(const struct verdict *v, const int *b)
{
    char *copy = host_alloc(SCHEDULE_MAX); /* the replay puts variables back */
    FILE *f = fmemopen(copy, SCHEDULE_MAX - 1, "w"), *out = stdout;

    stdout = f;
    explore_print_schedule();
    fclose(f);
    stdout = out;
    copy[strcspn(copy, "\n")] = '\0';
    if (!quiet)
        explore_replay(copy);
    printf("%s: %d cpus, FAILED with %d preemptions, %d interrupts, %d stale reads, after %lu "
           "executions, %.1f s: %s\n",
           scene_name, ncpu, b[0], b[1], b[2], v->executions, v->seconds, explore_message());
    printf("again: %s -s %s -c %d%s%s -x '%s'\n", program, scene_name, ncpu,
           weaker != NULL ? " -w " : "", weaker != NULL ? weaker : "", copy);
    print_places(explore_message());
    loops_print();
}

/* Each budget up to what was asked for, by the sum. */
static int search(void)
{
    uint64 executions = 0;
    double total = 0;
    struct verdict v = {0};

    for (int sum = 0; sum <= budget[0] + budget[1] + budget[2]; sum++)
        for (int p = 0; p <= budget[0] && p <= sum; p++)
            for (int i = 0; i <= budget[1] && p + i <= sum; i++) {
                int b[NBUDGETS] = {p, i, sum - p - i};
                if (b[2] > budget[2])
                    continue;
                v = explore_search(b, limit - total, everywhere);
                executions += v.executions;
                total += v.seconds;
                if (v.failed) {
                    v.executions = executions;
                    v.seconds = total;
                    print_failure(&v, b);
                    return 1;
                }
            }
    printf("%s: %d cpus, %d preemptions, %d interrupts, %d stale reads: %lu executions, %.1f s, "
           "%s, %u outcomes %lx, longest %lu%s\n",
           scene_name, ncpu, budget[0], budget[1], budget[2], executions, total,
           v.complete ? "complete" : "not complete", v.outcomes, v.outcomes_hash, v.longest,
           v.overlap ? ", overlap" : "");
    if (outcomes)
        explore_print_outcomes();
    if (sites_used)
        explore_print_used();
    return v.complete ? 0 : 4;
}

static const struct scene *find_scene(void)
{
    for (int i = 0; i < explore_nscenes; i++)
        if (scene_name != NULL && strcmp(explore_scenes[i].name, scene_name) == 0)
            return &explore_scenes[i];
    static const struct scene by_table = {.name = "pair", .min_cpus = 2, .play = play_pair};

    if (scene_name != NULL && pair_named(scene_name))
        return &by_table;
    fprintf(stderr, "no scene %s; -l lists them\n", scene_name != NULL ? scene_name : "was named");
    exit(2);
}

static void list_scenes(void)
{
    for (int i = 0; i < explore_nscenes; i++)
        printf("%s %d\n", explore_scenes[i].name, explore_scenes[i].min_cpus);
    pair_list();
}

int main(int argc, char **argv)
{
    int opt, nsites;
    struct sim_site **sites = number_sites(&nsites);

    program = argv[0];
    while ((opt = getopt(argc, argv, "s:c:p:i:r:t:aoqug:w:x:lL")) != -1)
        switch (opt) {
        case 's':
            scene_name = optarg;
            break;
        case 'c':
            ncpu = atoi(optarg);
            break;
        case 'p':
            budget[BUDGET_PREEMPTIONS] = atoi(optarg);
            break;
        case 'i':
            budget[BUDGET_INTERRUPTS] = atoi(optarg);
            break;
        case 'r':
            budget[BUDGET_STALE] = atoi(optarg);
            break;
        case 't':
            limit = atof(optarg);
            break;
        case 'a':
            everywhere = true;
            break;
        case 'o':
            outcomes = true;
            break;
        case 'q':
            quiet = true;
            break;
        case 'u':
            sites_used = events_wanted = true;
            break;
        case 'w':
            weaker = optarg;
            weaken(sites, nsites, weaker);
            break;
        case 'g':
            spare_variables(optarg);
            break;
        case 'x':
            schedule = optarg;
            break;
        case 'l':
            list_scenes();
            return 0;
        case 'L':
            list_sites(sites, nsites);
            return 0;
        default:
            return 2;
        }

    const struct scene *s = find_scene();

    ncpu = ncpu < s->min_cpus ? s->min_cpus : ncpu > SIM_CPUS ? SIM_CPUS : ncpu;
    stack_extra = 8192;
    cpu_timebase = 100 * HZ;
    sim_rings(4, 0x7ffffffeu);
    arena_begin();
    if (!explore_setup(s, ncpu))
        return 1;
    if (schedule == NULL)
        return search();

    bool failed = explore_replay(schedule);

    loops_print();
    return failed;
}
