/* Who has initialised the library, on which thread, and what is open. */
#pragma once
#include "notes.h"

typedef enum { DATABASE = 1, BACKUP, APPLY } Kind;

typedef struct {
  Kind kind;
  uint32_t serial;
  char path[PATH_SIZE];
  /* Of a backup. */
  uint64_t size, mark;
  int stopped, unread;
  size_t given;
  DatabaseInfo info;
  /* Of an application of change information. */
  uint32_t next;
  uint64_t expected, applied;
} Open;

/* Every entry point begins with it: dies where the library or this thread is not initialised. @returns a fault that was laid */
STATUS enter(const char *function, const char *subject);
uint64_t newHandle(Kind kind, const char *path, Open **open);
/* NULL for what is no such handle; a handle of the wrong kind is a violation. */
Open *of(uint64_t handle, Kind kind);
void forget(Open *open);
/* One thread has one backup under way at most; NULL for none. */
const Open *backupUnderWay(void);
/* As wide as the build says: four bytes or eight. */
void giveHandle(uint64_t *to, uint64_t handle);
/* The file that a name in LMBCS means. */
const char *resolve(const char *name, char *path);
