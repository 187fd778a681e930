#include "notes.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * An extent: its header, then one record for each page that was changed. It is closed when the next record would not fit.
 *
 *   "MOCKTXN\0" LogID number | dbiid offset page checksum | ... | zeros
 */
#define HEADER 64

typedef struct {
  UNID dbiid;
  uint64_t offset;
  uint8_t page[PAGE];
  uint32_t sum;
  uint32_t mark;
} Record;

#define MARK 0x52454344u

int logStyle(void) {
  char path[PATH_SIZE], text[32];
  if (!readText(inWorld(path, "log/style"), text, sizeof text)) return -1;
  return strcmp(text, "circular") == 0 ? 0 : strcmp(text, "archive") == 0 ? 1 : strcmp(text, "linear") == 0 ? 2 : -1;
}

UNID logId(void) {
  char path[PATH_SIZE], text[64];
  return unidOf(readText(inWorld(path, "log/id"), text, sizeof text) ? text : "00000000000000000000000000000000");
}

uint32_t activeExtent(char *path) {
  char file[PATH_SIZE], text[PATH_SIZE];
  uint32_t number = 0;
  path[0] = 0;
  if (readText(inWorld(file, "log/active"), text, sizeof text)) sscanf(text, "%u %4000[^\n]", &number, path);
  return number;
}

static uint64_t extentSize(void) {
  char path[PATH_SIZE], text[32];
  return readText(inWorld(path, "log/size"), text, sizeof text) ? strtoull(text, NULL, 10) : 65536;
}

static void logDirectory(char *buffer) {
  char path[PATH_SIZE];
  if (!readText(inWorld(path, "log/directory"), buffer, PATH_SIZE)) abort();
}

/* A file that was recycled is used again under the name that it has. */
static void nameForNext(uint32_t number, char *path) {
  char spare[PATH_SIZE], directory[PATH_SIZE];
  DIR *folder = opendir(inWorld(spare, "log/spare"));
  struct dirent *entry;
  logDirectory(directory);
  while (folder && (entry = readdir(folder)))
    if (entry->d_name[0] != '.') {
      snprintf(path, PATH_SIZE, "%s%c%s", directory, SEPARATOR, entry->d_name);
      unlink(inWorld(spare, "log/spare/%s", entry->d_name));
      closedir(folder);
      return;
    }
  if (folder) closedir(folder);
  snprintf(path, PATH_SIZE, "%s%cS%07u.TXN", directory, SEPARATOR, number);
}

static void startExtent(uint32_t number) {
  char path[PATH_SIZE], file[PATH_SIZE];
  uint8_t header[HEADER] = "MOCKTXN";
  UNID id = logId();
  nameForNext(number, path);
  memcpy(header + 8, &id, sizeof id);
  memcpy(header + 24, &number, sizeof number);
  int extent = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (extent < 0 || write(extent, header, HEADER) != HEADER || ftruncate(extent, (off_t)extentSize()) != 0) abort();
  close(extent);
  writeText(inWorld(file, "log/used"), "%d\n", HEADER);
  writeText(inWorld(file, "log/active"), "%u %s\n", number, path);
}

void appendToLog(const char *database, uint64_t offset, const uint8_t *page) {
  char path[PATH_SIZE], file[PATH_SIZE], text[32];
  Record record;
  memset(&record, 0, sizeof record);
  record.dbiid = infoOf(database).dbiid;
  record.offset = offset;
  memcpy(record.page, page, PAGE);
  record.sum = checksum(&record, offsetof(Record, sum));
  record.mark = MARK;
  uint32_t number = activeExtent(path);
  uint64_t used = readText(inWorld(file, "log/used"), text, sizeof text) ? strtoull(text, NULL, 10) : HEADER;
  if (number == 0 || used + sizeof record > extentSize()) {
    if (number && logStyle() == 1) writeText(inWorld(file, "log/waiting/%010u", number), "%s\n", path);
    startExtent(number + 1);
    number = activeExtent(path);
    used = HEADER;
  }
  int extent = open(path, O_WRONLY | O_CLOEXEC);
  if (extent < 0 || pwrite(extent, &record, sizeof record, (off_t)used) != (ssize_t)sizeof record) abort();
  close(extent);
  writeText(inWorld(file, "log/used"), "%llu\n", (unsigned long long)(used + sizeof record));
}

uint32_t waitingAfter(uint32_t after, char *path) {
  char folder[PATH_SIZE];
  uint32_t lowest = 0;
  DIR *directory = opendir(inWorld(folder, "log/waiting"));
  struct dirent *entry;
  while (directory && (entry = readdir(directory))) {
    uint32_t number = (uint32_t)strtoul(entry->d_name, NULL, 10);
    if (strlen(entry->d_name) == 10 && number > after && (lowest == 0 || number < lowest)) lowest = number;
  }
  if (directory) closedir(directory);
  if (lowest) readText(inWorld(folder, "log/waiting/%010u", lowest), path, PATH_SIZE);
  return lowest;
}

void recycle(uint32_t number) {
  char waiting[PATH_SIZE], path[PATH_SIZE], spare[PATH_SIZE];
  if (!readText(inWorld(waiting, "log/waiting/%010u", number), path, sizeof path)) return;
  FILE *extent = fopen(path, "r+");
  uint8_t rubbish[PAGE];
  memset(rubbish, 0xdd, sizeof rubbish);
  for (uint64_t at = 0; extent && at < extentSize(); at += PAGE) fwrite(rubbish, 1, PAGE, extent);
  if (extent) fclose(extent);
  writeText(inWorld(spare, "log/spare/%s", strrchr(path, SEPARATOR) + 1), "\n");
  unlink(waiting);
}

uint32_t numberIn(const char *path, UNID *id) {
  uint8_t header[HEADER];
  uint32_t number = 0;
  FILE *extent = fopen(path, "rb");
  if (!extent) return 0;
  if (fread(header, 1, HEADER, extent) == HEADER && memcmp(header, "MOCKTXN", 8) == 0) {
    memcpy(id, header + 8, sizeof *id);
    memcpy(&number, header + 24, sizeof number);
  }
  fclose(extent);
  return number;
}

long replay(const char *path, const UNID *id, uint32_t number, const UNID *dbiid, const char *into) {
  UNID found;
  Record record;
  long changes = 0;
  if (numberIn(path, &found) != number || memcmp(&found, id, sizeof found) != 0) return -1;
  FILE *extent = fopen(path, "rb");
  int database = open(into, O_RDWR | O_CLOEXEC);
  fseek(extent, HEADER, SEEK_SET);
  while (fread(&record, sizeof record, 1, extent) == 1 && record.mark == MARK &&
         record.sum == checksum(&record, offsetof(Record, sum)))
    if (memcmp(&record.dbiid, dbiid, sizeof *dbiid) == 0) {
      if (pwrite(database, record.page, PAGE, (off_t)record.offset) != PAGE) abort();
      changes++;
    }
  fclose(extent);
  close(database);
  return changes;
}
