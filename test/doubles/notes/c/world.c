#include "notes.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char world[PATH_SIZE];
static int lock = -1;

void openWorld(const char *directory) {
  char path[PATH_SIZE];
  snprintf(world, sizeof world, "%s", directory);
  lock = open(inWorld(path, "lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
}

const char *inWorld(char *buffer, const char *format, ...) {
  int length = snprintf(buffer, PATH_SIZE, "%s/", world);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(buffer + length, PATH_SIZE - length, format, arguments);
  va_end(arguments);
  return native(buffer);
}

char *readText(const char *path, char *buffer, size_t size) {
  FILE *file = fopen(path, "r");
  if (!file) return NULL;
  size_t length = fread(buffer, 1, size - 1, file);
  fclose(file);
  buffer[length] = 0;
  if (length && buffer[length - 1] == '\n') buffer[length - 1] = 0;
  return buffer;
}

/* Whole or not at all: whoever writes it may be killed. */
void writeText(const char *path, const char *format, ...) {
  char next[PATH_SIZE + 16];
  snprintf(next, sizeof next, "%s.%d", path, (int)getpid());
  FILE *file = fopen(next, "w");
  if (!file) {
    perror(next);
    abort();
  }
  va_list arguments;
  va_start(arguments, format);
  vfprintf(file, format, arguments);
  va_end(arguments);
  fclose(file);
  rename(next, path);
}

void lockWorld(void) {
  lockFile(lock);
}

void unlockWorld(void) {
  unlockFile(lock);
}

uint32_t checksum(const void *bytes, size_t length) {
  uint32_t hash = 2166136261u;
  for (size_t i = 0; i < length; i++) hash = (hash ^ ((const uint8_t *)bytes)[i]) * 16777619u;
  return hash;
}

UNID unidOf(const char *hex) {
  UNID id = {{0, 0, 0, 0}};
  for (int i = 0; i < 16; i++) {
    char byte[3] = {hex[2 * i], hex[2 * i + 1], 0};
    ((uint8_t *)&id)[i] = (uint8_t)strtoul(byte, NULL, 16);
  }
  return id;
}

const char *hexOf(const UNID *id, char *buffer) {
  for (int i = 0; i < 16; i++) sprintf(buffer + 2 * i, "%02x", ((const uint8_t *)id)[i]);
  return buffer;
}
