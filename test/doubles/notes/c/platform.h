/* What the stand-in asks of its system: POSIX, and what differs between it and Windows. posix.c and windows.c have the one or the other; paths are UTF-8. */
#pragma once
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <strings.h>
#include <sys/types.h>
#include <unistd.h>

/* A path that was put together with '/', as the system writes it. */
char *native(char *path);
int isAbsolute(const char *path);
/* 0 for what is not there. */
uint64_t sizeOf(const char *path);
/* Whoever else locks the file waits, also in another process. */
void lockFile(int file);
void unlockFile(int file);
int isAlive(int pid);
/* 0 where users have no numbers. */
int userId(void);
void hang(void);
/* Those of the command line. */
char **argumentsOf(int argc, char **argv);

#ifndef _WIN32
#define SEPARATOR '/'
#include <fcntl.h>
#include <sys/stat.h>
#else
#define SEPARATOR '\\'
#include <fcntl.h>
#define O_CLOEXEC _O_NOINHERIT
#define open openUtf8
#define fopen fopenUtf8
#define access accessUtf8
#define unlink unlinkUtf8
#define rename renameUtf8
#define mkdir mkdirUtf8
#define rmdir rmdirUtf8
int openUtf8(const char *path, int flags, ...);
FILE *fopenUtf8(const char *path, const char *mode);
int accessUtf8(const char *path, int mode);
int unlinkUtf8(const char *path);
int renameUtf8(const char *from, const char *to);
int mkdirUtf8(const char *path, int mode);
int rmdirUtf8(const char *path);
ssize_t pread(int file, void *bytes, size_t length, off_t offset);
ssize_t pwrite(int file, const void *bytes, size_t length, off_t offset);
#endif
