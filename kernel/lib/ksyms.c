/*
 * Looking up the name of a code address. The table is sorted by address; its definitions here are
 * weak and empty, and give way to those of build/ksyms.S in the kernel's second link. Because that
 * link adds only constants behind the code, no address in the table is changed by adding it.
 */
#include "lib/ksyms.h"

struct ksym {
    uint32 offset; /* of the function from __kernel_start, in bytes */
    uint32 name;   /* of its name in ksyms_names */
};

__attribute__((weak)) const uint32 ksyms_count = 0;
__attribute__((weak)) const struct ksym ksyms_table[1] = {{0, 0}};
__attribute__((weak)) const char ksyms_names[1] = "";

extern const char __kernel_start[], __text_end[];

bool ksym_lookup(uint64 addr, const char **name, uint64 *offset)
{
    const struct ksym *table = ksyms_table;
    uint64 where = addr - (uint64)__kernel_start;
    uint32 low = 0, high = ksyms_count; /* the answer is below high, and at low or above */

    if (addr < (uint64)__kernel_start || addr >= (uint64)__text_end)
        return false;
    if (high == 0 || where < table[0].offset)
        return false;
    while (high - low > 1) {
        uint32 mid = low + (high - low) / 2;
        if (table[mid].offset <= where)
            low = mid;
        else
            high = mid;
    }
    *name = ksyms_names + table[low].name;
    *offset = where - table[low].offset;
    return true;
}
