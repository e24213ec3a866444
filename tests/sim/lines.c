/* SPDX-License-Identifier: BSD-3-Clause
 * Which lines of memory one cpu writes and another one uses, while the cpus do work that has nothing to do with
 * each other. Each such access costs a transfer between two caches, though the words may be different ones and
 * their values right. The threads of a scene say where the work begins and ends (lines_enter, lines_leave), and
 * the race detector tells each access in between, on any cpu. A cpu's accesses of all that time count, whether
 * another one's come before or after: no schedule needs to bring the two together.
 *
 * What has to be as in the kernel is which objects share a line. Objects from the machine's memory begin a line
 * each (arena.c). That is right for objects of different cpus, since a slab of kernel/mm/zone.c belongs to one
 * cpu. Variables lie where the host's linker puts them, so a variable of a line's size or less may not be written
 * at all. One that is larger has parts for the cpus, or is a hash table. It begins a line by its own alignment,
 * here as in the kernel, and its lines are looked at as those of objects.
 */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "views.h"

#define LINES_MAX (WORDS_MAX * 4 / CACHE_LINE + 1)

enum { READ, WRITE };

/* What is known of a line: who has used it, a bit a cpu, and where each cpu did first. */
struct line {
    uint32 epoch; /* of another one: nothing */
    unsigned char users[2];
    uint32 pc[2][SIM_CPUS]; /* the program lies low */
};

struct variable {
    uint64 start, size;
    const char *name;
};

/* All of it is taken when the first scene asks, and no execution puts it back. */
static struct line *lines;
static struct variable *variables;
static uint32 nvariables, *last_epoch;

static uint32 epoch;
static int arrived, expected;
static bool inside[SIM_CPUS];

/* --- the program's variables, from its own symbol table --- */

static char *own_file(void)
{
    FILE *f = fopen("/proc/self/exe", "rb");
    long size;
    char *file;

    if (f == NULL || fseek(f, 0, SEEK_END) < 0 || (size = ftell(f)) < 0)
        panic("the program cannot be read");
    rewind(f);
    file = host_alloc((size_t)size);
    if (fread(file, 1, (size_t)size, f) != (size_t)size)
        panic("the program cannot be read");
    fclose(f);
    return file;
}

static void find_variables(void)
{
    char *file = own_file();
    const Elf64_Ehdr *header = (const void *)file;
    const Elf64_Shdr *sections = (const void *)(file + header->e_shoff), *table = sections;

    while (table->sh_type != SHT_SYMTAB)
        if (++table == sections + header->e_shnum)
            panic("the program has no symbols");

    const Elf64_Sym *symbol = (const void *)(file + table->sh_offset);
    const Elf64_Sym *end = symbol + table->sh_size / sizeof(*symbol);
    const char *names = file + sections[table->sh_link].sh_offset;

    variables = host_alloc((size_t)(end - symbol) * sizeof(*variables));
    for (; symbol < end; symbol++)
        if (ELF64_ST_TYPE(symbol->st_info) == STT_OBJECT && symbol->st_size > 0)
            variables[nvariables++] =
                (struct variable){symbol->st_value, symbol->st_size, names + symbol->st_name};
}

/* The variable of that address, or NULL. */
static const struct variable *variable_of(uint64 address)
{
    for (const struct variable *v = variables; v < variables + nvariables; v++)
        if (address - v->start < v->size)
            return v;
    return NULL;
}

/* --- what scenes call --- */

void lines_begin(int threads)
{
    if (lines == NULL) {
        lines = host_alloc(LINES_MAX * sizeof(*lines));
        last_epoch = host_alloc(sizeof(*last_epoch));
        find_variables();
    }
    expected = threads;
}

bool lines_watched(void)
{
    return expected > 0;
}

void lines_enter(void)
{
    if (arrived++ == 0)
        epoch = ++*last_epoch;
    inside[self] = true;
    while (arrived < expected)
        lwkt_pause(50);
}

void lines_leave(void)
{
    inside[self] = false; /* what the cpu's other threads do now is no work of this kind */
}

/* --- accesses --- */

static void report(const char *what, uint64 address, int other, uint32 other_pc, uint32 pc)
{
    const struct variable *v = variable_of(address);
    uint64 offset = v != NULL ? address - v->start : 0;
    const char *object = v != NULL ? v->name : sim_object(address, &offset);

    panic("%s: %s, offset %lu; cpu %d at %x, cpu %d at %x", what, object, offset, other, other_pc,
          self, pc);
}

/* A write to memory that the simulated machine has not given out. */
static void written_variable(uint64 address, uint32 pc)
{
    const struct variable *v = variable_of(address);

    if (v == NULL || v->size <= CACHE_LINE)
        report("a variable of all cpus is written", address, self, pc, pc);
    else if (v->start % CACHE_LINE != 0)
        report("a table that does not begin a line is written", address, self, pc, pc);
}

/* The program's variables may begin in the middle of a line, the machine's memory does not. */
static struct line *line_of(uint64 address)
{
    extern char __data_start[];

    if (address - ARENA < ARENA_SIZE)
        return &lines[(address - ARENA) / CACHE_LINE];
    return &lines[ARENA_SIZE / CACHE_LINE + address / CACHE_LINE -
                  (uint64)__data_start / CACHE_LINE];
}

static void note(struct line *l, uint64 address, int how, uint32 pc)
{
    if (l->epoch != epoch)
        *l = (struct line){.epoch = epoch};
    if (l->users[how] & 1u << self)
        return;
    l->users[how] |= (unsigned char)(1u << self);
    l->pc[how][self] = pc;
    if (how == WRITE && address - ARENA >= ARENA_SIZE)
        written_variable(address, pc);
    for (int cpu = 0; cpu < ncpus; cpu++) {
        if (cpu == self)
            continue;
        if (l->users[WRITE] & 1u << cpu)
            report(how == WRITE ? "two cpus write a line" : "written by one cpu, then read",
                   address, cpu, l->pc[WRITE][cpu], pc);
        if (how == WRITE && (l->users[READ] & 1u << cpu))
            report("read by one cpu, then written", address, cpu, l->pc[READ][cpu], pc);
    }
}

void lines_access(const volatile void *p, size_t size, bool write, const void *pc)
{
    uint64 address = (uint64)p, end = address + size;

    if (!inside[self] || arrived < expected)
        return;
    for (; address < end; address = (address | (CACHE_LINE - 1)) + 1)
        if (word_of((const void *)address) >= 0)
            note(line_of(address), address, write ? WRITE : READ, (uint32)(uint64)pc);
}
