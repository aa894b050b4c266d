/* SPDX-License-Identifier: GPL-2.0 */
/* Function symbols of one ELF file, which may be hostile. */
#ifndef AIOSTALL_HOST_ELFSYMS_H
#define AIOSTALL_HOST_ELFSYMS_H

#include <stddef.h>
#include <stdint.h>

struct elfsyms;

/*
 * Read .symtab, else .dynsym, and the program headers; fd stays the caller's
 * and is not needed afterwards. 0 or -errno: -ENOEXEC if it is no ELF file or
 * a broken one. A file without symbols is no error.
 */
int elfsyms__new(int fd, struct elfsyms **out);
void elfsyms__free(struct elfsyms *s);

/* Address in the ELF file's own terms of a file offset that is loaded. 0 or -ENOENT. */
int elfsyms__address(const struct elfsyms *s, uint64_t offset, uint64_t *addr);

/* Function that holds the address; NULL if none. Lives as long as s. */
const char *elfsyms__name(const struct elfsyms *s, uint64_t addr);

size_t elfsyms__bytes(const struct elfsyms *s);

#endif
