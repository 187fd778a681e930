#include "backups.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *fileOf(const char *path, const char *name, char *buffer) {
  char key[PATH_SIZE];
  return inWorld(buffer, "backups/%s/%s", keyOf(path, key), name);
}

static int ownerOf(const char *path) {
  char owner[PATH_SIZE], text[32];
  return readText(fileOf(path, "owner", owner), text, sizeof text) ? atoi(text) : 0;
}

int beginRecording(const char *path, uint64_t size) {
  char file[PATH_SIZE];
  if (isAlive(ownerOf(path))) return 0;
  mkdir(fileOf(path, "", file), 0777);
  unlink(fileOf(path, "before", file));
  setMark(path, size, 0);
  writeText(fileOf(path, "owner", file), "%d\n", (int)getpid());
  return 1;
}

void setMark(const char *path, uint64_t size, uint64_t mark) {
  char file[PATH_SIZE];
  writeText(fileOf(path, "state", file), "%llu %llu\n", (unsigned long long)size, (unsigned long long)mark);
}

void recordBefore(const char *path, uint64_t offset) {
  char file[PATH_SIZE], text[64];
  unsigned long long size, mark;
  uint8_t record[RECORD];
  size_t count;
  if (!isAlive(ownerOf(path)) || !readText(fileOf(path, "state", file), text, sizeof text)) return;
  if (sscanf(text, "%llu %llu", &size, &mark) != 2 || offset < mark || offset >= size) return;
  uint8_t *known = recorded(path, &count);
  int have = 0;
  for (size_t i = 0; i < count && !have; i++) have = memcmp(known + i * RECORD, &offset, 8) == 0;
  free(known);
  if (have) return;
  memset(record, 0, sizeof record);
  memcpy(record, &offset, 8);
  int database = open(path, O_RDONLY | O_CLOEXEC);
  if (database < 0 || pread(database, record + 8, PAGE, (off_t)offset) < 0) abort();
  close(database);
  int before = open(fileOf(path, "before", file), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  if (before < 0 || write(before, record, sizeof record) != (ssize_t)sizeof record) abort();
  close(before);
}

uint8_t *recorded(const char *path, size_t *count) {
  char file[PATH_SIZE];
  *count = (size_t)(sizeOf(fileOf(path, "before", file)) / RECORD);
  uint8_t *bytes = malloc(*count * RECORD + 1);
  int before = open(file, O_RDONLY | O_CLOEXEC);
  if (before < 0 || read(before, bytes, *count * RECORD) != (ssize_t)(*count * RECORD)) *count = 0;
  if (before >= 0) close(before);
  return bytes;
}

void endRecording(const char *path) {
  char file[PATH_SIZE];
  unlink(fileOf(path, "before", file));
  unlink(fileOf(path, "state", file));
  unlink(fileOf(path, "owner", file));
  rmdir(fileOf(path, "", file));
}
