#include "session.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef STATUS (*Fetch)(UNID *id, DWORD number, char *path);

STATUS NSFTakeDatabaseOffline(const char *name, DWORD wait, DWORD options) {
  char path[PATH_SIZE], key[PATH_SIZE], mark[PATH_SIZE];
  resolve(name, path);
  STATUS laid = enter("NSFTakeDatabaseOffline", path);
  (void)wait;
  if (laid) return laid;
  if (access(path, F_OK) != 0) return failing(ERR_NOEXIST);
  if (access(inWorld(mark, "inuse/%s", keyOf(path, key)), F_OK) == 0) return failing(ERR_DBINUSE);
  if (options == 0) unlink(path);
  writeText(inWorld(mark, "offline/%s", key), "\n");
  return OK;
}

STATUS NSFBringDatabaseOnline(const char *name, DWORD flags) {
  char path[PATH_SIZE], key[PATH_SIZE], mark[PATH_SIZE];
  resolve(name, path);
  STATUS laid = enter("NSFBringDatabaseOnline", path);
  (void)flags;
  if (laid) return laid;
  unlink(inWorld(mark, "offline/%s", keyOf(path, key)));
  return OK;
}

/* What the log directory holds of an extent by itself. */
static int local(const UNID *id, uint32_t number, char *path) {
  char directory[PATH_SIZE], file[PATH_SIZE];
  UNID found;
  if (!readText(inWorld(file, "log/directory"), directory, sizeof directory)) return 0;
  DIR *folder = opendir(directory);
  struct dirent *entry;
  int is = 0;
  while (folder && !is && (entry = readdir(folder))) {
    snprintf(path, PATH_SIZE, "%s/%s", directory, entry->d_name);
    is = entry->d_name[0] != '.' && numberIn(path, &found) == number && memcmp(&found, id, sizeof found) == 0;
  }
  if (folder) closedir(folder);
  return is;
}

static void spoil(const char *path) {
  FILE *file = fopen(path, "r+b");
  if (!file) return;
  fseek(file, STAMP_AT, SEEK_SET);
  fwrite("SPOILT  ", 1, 8, file);
  fclose(file);
}

static STATUS recoverOne(const char *path, Fetch fetch) {
  char active[PATH_SIZE], extent[PATH_SIZE], wanted[PATH_SIZE];
  uint8_t stamp[STAMP_SIZE] = {0};
  UNID id, dbiid;
  uint32_t first;
  FILE *file = fopen(path, "r+b");
  if (!file) return ERR_NOEXIST;
  fseek(file, STAMP_AT, SEEK_SET);
  if (fread(stamp, 1, sizeof stamp, file) != sizeof stamp || memcmp(stamp, "STAMP", 5) != 0) {
    fclose(file);
    return ERR_RECOVER_NONBACKUP;
  }
  memcpy(&dbiid, stamp + 8, 16);
  memcpy(&first, stamp + 24, 4);
  memcpy(&id, stamp + 28, 16);
  fclose(file);
  lockWorld();
  uint32_t last = activeExtent(active);
  unlockWorld();
  for (uint32_t number = first; number <= last; number++) {
    if (!local(&id, number, extent)) {
      inWorld(wanted, "log/retrieved-%010u", number);
      STATUS answer = fetch(&id, number, wanted);
      if (answer != OK) {
        spoil(path);
        return ERR_EXTENT_NOT_RETRIEVED;
      }
      strcpy(extent, wanted);
    }
    if (replay(extent, &id, number, &dbiid, path) < 0) {
      violation("the callback brought something else than extent %u", number);
      spoil(path);
      return ERR_EXTENT_NOT_RETRIEVED;
    }
    unlink(inWorld(wanted, "log/retrieved-%010u", number));
  }
  memset(stamp, 0, sizeof stamp);
  file = fopen(path, "r+b");
  fseek(file, STAMP_AT, SEEK_SET);
  fwrite(stamp, 1, sizeof stamp, file);
  fclose(file);
  return OK;
}

/* A server that was lost: the control file is made anew from the extents that lie in the log directory. */
static void recreateControl(void) {
  char directory[PATH_SIZE], file[PATH_SIZE], path[PATH_SIZE], hex[33];
  UNID found, id = {{0, 0, 0, 0}};
  uint32_t highest = 0;
  if (access(inWorld(file, "log/recreate"), F_OK) != 0) return;
  if (!readText(inWorld(path, "log/directory"), directory, sizeof directory)) return;
  DIR *folder = opendir(directory);
  struct dirent *entry;
  char last[PATH_SIZE] = "";
  while (folder && (entry = readdir(folder))) {
    snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
    uint32_t number = entry->d_name[0] == '.' ? 0 : numberIn(path, &found);
    if (number > highest) {
      highest = number;
      id = found;
      strcpy(last, path);
    }
  }
  if (folder) closedir(folder);
  writeText(inWorld(path, "log/id"), "%s\n", hexOf(&id, hex));
  writeText(inWorld(path, "log/active"), "%u %s\n", highest, last);
  unlink(inWorld(file, "log/recreate"));
}

STATUS NSFRecoverDatabases(const char *names, Fetch fetch, DWORD flags, uint16_t *failed, void *time) {
  STATUS laid = enter("NSFRecoverDatabases", names);
  char path[PATH_SIZE], key[PATH_SIZE], mark[PATH_SIZE];
  (void)time;
  *failed = 0;
  if (laid) return laid;
  if (flags & ~0x7fu) violation("NSFRecoverDatabases with unknown flags");
  recreateControl();
  uint16_t index = 0;
  for (const char *name = names; *name; name += strlen(name) + 1) {
    index++;
    resolve(name, path);
    if (access(inWorld(mark, "online-required/%s", keyOf(path, key)), F_OK) == 0) violation("recovery of a database in use");
    STATUS status = recoverOne(path, fetch);
    if (status != OK) {
      *failed = index;
      return failing(status);
    }
  }
  return OK;
}
