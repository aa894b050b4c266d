// SPDX-License-Identifier: GPL-2.0
/*
 * Stand-ins for what SQLite refers to and a recording never needs, in the static binary only
 * (ld --wrap): full-text and spatial tables, which are half a megabyte and which a hostile file
 * could name, and extensions, with libc's loader that needs its shared libraries at run time;
 * and the trigonometry of its SQL functions, a quarter of a megabyte.
 */
#include <math.h>
#include <stddef.h>

#define NOTHING_TO_INIT(name)                                                                      \
	int __wrap_##name(void *db);                                                               \
	int __wrap_##name(void *db)                                                                \
	{                                                                                          \
		(void)db;                                                                          \
		return 0;                                                                          \
	}

NOTHING_TO_INIT(sqlite3Fts3Init)
NOTHING_TO_INIT(sqlite3Fts5Init)
NOTHING_TO_INIT(sqlite3RtreeInit)
NOTHING_TO_INIT(sqlite3DbstatRegister)
NOTHING_TO_INIT(sqlite3StmtVtabInit)
NOTHING_TO_INIT(sqlite3CloseExtensions)
NOTHING_TO_INIT(sqlite3AutoLoadExtensions)

#define NO_ANGLES(name)                                                                            \
	double __wrap_##name(double x);                                                            \
	double __wrap_##name(double x)                                                             \
	{                                                                                          \
		return x - x + NAN;                                                                \
	}

NO_ANGLES(sin)
NO_ANGLES(cos)
NO_ANGLES(tan)
NO_ANGLES(asin)
NO_ANGLES(acos)
NO_ANGLES(atan)
NO_ANGLES(sinh)
NO_ANGLES(cosh)
NO_ANGLES(tanh)
NO_ANGLES(asinh)
NO_ANGLES(acosh)
NO_ANGLES(atanh)

double __wrap_atan2(double y, double x);
double __wrap_atan2(double y, double x)
{
	return x - y + NAN;
}

void __wrap_sqlite3_reset_auto_extension(void);
int __wrap_sqlite3_load_extension(void *db, const char *file, const char *entry, char **error);
void *__wrap_dlopen(const char *file, int mode);
void *__wrap_dlsym(void *handle, const char *name);
int __wrap_dlclose(void *handle);
char *__wrap_dlerror(void);

void __wrap_sqlite3_reset_auto_extension(void)
{
}

int __wrap_sqlite3_load_extension(void *db, const char *file, const char *entry, char **error)
{
	(void)db;
	(void)file;
	(void)entry;
	(void)error;
	return 1; /* SQLITE_ERROR */
}

void *__wrap_dlopen(const char *file, int mode)
{
	(void)file;
	(void)mode;
	return NULL;
}

void *__wrap_dlsym(void *handle, const char *name)
{
	(void)handle;
	(void)name;
	return NULL;
}

int __wrap_dlclose(void *handle)
{
	(void)handle;
	return -1;
}

char *__wrap_dlerror(void)
{
	static char text[] = "a static binary loads nothing";

	return text;
}
