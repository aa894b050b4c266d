# SPDX-License-Identifier: GPL-2.0
# A skeleton without the bytes of its object, which the binary holds packed: what the function
# returned is left to src/live/object.c to define.
/^static inline const void \*[a-z_]*__elf_bytes\(size_t \*sz\);$/ { sub(/^static inline /, "") }
/^static inline const void \*[a-z_]*__elf_bytes\(size_t \*sz\)$/ { bytes = 1 }
!bytes { print }
/^}$/ { bytes = 0 }
