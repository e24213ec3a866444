/* SPDX-License-Identifier: BSD-3-Clause
 * The version of this tree, which the kernel prints when it boots. The newest entry of CHANGELOG.md and
 * the tag in git (v1.0.0) have the same number.
 */
#ifndef KERNEL_VERSION_H
#define KERNEL_VERSION_H

#define NYMPH_VERSION "1.0.0"

#endif
