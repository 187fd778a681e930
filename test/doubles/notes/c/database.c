#include "notes.h"
#include "backups.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *keyOf(const char *path, char *buffer) {
  size_t i = 0;
  for (; path[i] && i < 200; i++) buffer[i] = strchr("/\\:", path[i]) ? '%' : path[i];
  sprintf(buffer + i, "-%08x", checksum(path, strlen(path)));
  return buffer;
}

/* What is in no file of the world is as it is by itself: logged where it lies below the data directory, with an identity made from its path. */
DatabaseInfo infoOf(const char *path) {
  char key[PATH_SIZE], meta[PATH_SIZE], text[256], data[PATH_SIZE], hex[33], extent[PATH_SIZE];
  DatabaseInfo info;
  keyOf(path, key);
  if (readText(inWorld(meta, "meta/%s", key), text, sizeof text) &&
      sscanf(text, "%d %32s %u", &info.logged, hex, &info.firstExtent) == 3) {
    info.dbiid = unidOf(hex);
    return info;
  }
  inWorld(data, "data/");
  info.logged = logStyle() >= 0 && strncmp(path, data, strlen(data)) == 0;
  for (int i = 0; i < 4; i++) info.dbiid.words[i] = checksum(path, strlen(path)) ^ (uint32_t)(0x9e3779b9u * (i + 1));
  info.firstExtent = info.logged ? activeExtent(extent) : 0;
  return info;
}

void changePage(const char *path, uint64_t offset, const uint8_t *bytes) {
  recordBefore(path, offset);
  if (infoOf(path).logged) appendToLog(path, offset, bytes);
  int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0 || pwrite(file, bytes, PAGE, (off_t)offset) != PAGE) abort();
  close(file);
}
