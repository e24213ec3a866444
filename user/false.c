/*
 * false: do nothing, and fail.
 */
#include "kernel/types.h"
#include "user/user.h"

int main(void)
{
    exit(1);
}
