/* SPDX-License-Identifier: BSD-3-Clause
 * Looking up the name of a code address. The table is sorted by address and lies in a section of its
 * own, which holds just a count of 0 in the kernel's first link. The second link adds only constants
 * after the code, so adding the table changes no address in it.
 *
 *   ksyms: count | offset, name | offset, name | ... | names
 */
#include "lib/ksyms.h"

struct ksym {
    uint32 offset; /* of the function from __kernel_start, in bytes */
    uint32 name;   /* of its name in the names */
};

extern const uint32 ksyms[];
extern const char __kernel_start[], __text_end[];

/* The last of the symbols that begin at `where` or before it; the first must. */
static const struct ksym *search(const struct ksym *table, uint32 count, uint64 where)
{
    uint32 low = 0, high = count; /* the answer is at low or above, and below high */

    while (high - low > 1) {
        uint32 mid = low + (high - low) / 2;
        if (table[mid].offset <= where)
            low = mid;
        else
            high = mid;
    }
    return &table[low];
}

bool ksym_lookup(uint64 addr, const char **name, uint64 *offset)
{
    const struct ksym *table = (const struct ksym *)(ksyms + 1);
    uint32 count = ksyms[0];
    uint64 where = addr - (uint64)__kernel_start;

    if (addr < (uint64)__kernel_start || addr >= (uint64)__text_end)
        return false;
    if (count == 0 || where < table[0].offset)
        return false;
    const struct ksym *sym = search(table, count, where);
    *name = (const char *)&table[count] + sym->name;
    *offset = where - sym->offset;
    return true;
}
