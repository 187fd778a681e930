#include "backups.h"
#include "session.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Beyond it, hashing an image takes longer than a test may. */
#define HASHED (64ull << 20)

static void fill(uint8_t *page, const char *path, uint64_t offset, uint32_t seed) {
  uint32_t state = checksum(path, strlen(path)) ^ (uint32_t)offset ^ seed * 2654435761u;
  for (int i = 0; i < PAGE; i++) {
    state = state * 1664525u + 1013904223u;
    page[i] = (uint8_t)(state >> 24);
  }
}

/* What a busy server does while it is copied: a page that was read, one that was not, and one at the end. */
static void change(Open *backup, uint64_t mark) {
  uint8_t page[PAGE];
  uint64_t size = backup->size;
  uint64_t targets[3] = {0, 0, 0};
  char quiet[PATH_SIZE];
  if (access(inWorld(quiet, "still"), F_OK) == 0) return;
  if (mark >= 4 * PAGE) targets[0] = (mark - 1) / PAGE * PAGE;
  uint64_t left = size > mark ? (size - mark) / PAGE : 0;
  if (left > 4) targets[1] = (mark + PAGE - 1) / PAGE * PAGE + (checksum(&mark, 8) % (left - 3)) * PAGE;
  targets[2] = sizeOf(backup->path) / PAGE * PAGE;
  for (int i = 0; i < 3; i++)
    if (targets[i] >= 2 * PAGE) {
      fill(page, backup->path, targets[i], (uint32_t)mark + i);
      changePage(backup->path, targets[i], page);
    }
}

STATUS NSFBackupStart(uint64_t handle, DWORD flags, uint64_t *context, DWORD *low, DWORD *high) {
  Open *database = of(handle, DATABASE), *backup;
  STATUS laid = enter("NSFBackupStart", database ? database->path : "");
  char hash[65] = "-";
  if (laid || !database) return laid ? laid : failing(ERR_INVALID_CONTEXT);
  if (flags) violation("NSFBackupStart with flags");
  lockWorld();
  uint64_t size = sizeOf(database->path);
  if (!beginRecording(database->path, size)) {
    unlockWorld();
    return failing(ERR_BACKUP_ALREADY_IN_PROGRESS);
  }
  uint64_t number = newHandle(BACKUP, database->path, &backup);
  backup->size = size;
  backup->info = infoOf(database->path);
  if (size <= HASHED) imageHash(database->path, size, hash);
  unlockWorld();
  giveHandle(context, number);
  *low = (DWORD)size;
  *high = (DWORD)(size >> 32);
  journal("image %s %llu %s", hash, (unsigned long long)size, database->path);
  return OK;
}

STATUS NSFBackupSetHighWaterMark(uint64_t handle, uint64_t context, DWORD low, DWORD high) {
  STATUS laid = enter("NSFBackupSetHighWaterMark", NULL);
  Open *backup = of(context, BACKUP);
  uint64_t mark = (uint64_t)high << 32 | low;
  if (laid || !of(handle, DATABASE) || !backup) return laid ? laid : failing(ERR_INVALID_CONTEXT);
  if (mark < backup->mark || mark > backup->size || backup->stopped) {
    violation("a high water mark of %llu", (unsigned long long)mark);
    return failing(ERR_INVALID_CONTEXT);
  }
  lockWorld();
  backup->mark = mark;
  setMark(backup->path, backup->size, mark);
  change(backup, mark);
  unlockWorld();
  return OK;
}

STATUS NSFBackupStop(uint64_t handle, uint64_t context) {
  STATUS laid = enter("NSFBackupStop", NULL);
  Open *backup = of(context, BACKUP);
  size_t count;
  if (laid || !of(handle, DATABASE) || !backup) return laid ? laid : failing(ERR_INVALID_CONTEXT);
  lockWorld();
  if (backup->mark == 0) change(backup, 0);
  free(recorded(backup->path, &count));
  unlockWorld();
  backup->stopped = 1;
  backup->unread = count > 0;
  return OK;
}

/* Change information: {"CHG", sequence, checksum of the rest} and up to `CHUNK` records. */
#define CHUNK_HEADER 16

STATUS NSFBackupGetChangeInfoSize(uint64_t handle, uint64_t context, DWORD flags, DWORD *low, DWORD *high) {
  STATUS laid = enter("NSFBackupGetChangeInfoSize", NULL);
  Open *backup = of(context, BACKUP);
  size_t count = 0;
  (void)flags;
  if (laid || !of(handle, DATABASE) || !backup) return laid ? laid : failing(ERR_INVALID_CONTEXT);
  if (!backup->stopped) violation("NSFBackupGetChangeInfoSize before NSFBackupStop");
  else free(recorded(backup->path, &count));
  uint64_t size = count * RECORD;
  *low = (DWORD)size;
  *high = (DWORD)(size >> 32);
  return OK;
}

STATUS NSFBackupGetNextChangeInfo(uint64_t handle, uint64_t context, DWORD flags, char *buffer, DWORD size, DWORD *filled) {
  STATUS laid = enter("NSFBackupGetNextChangeInfo", NULL);
  Open *backup = of(context, BACKUP);
  size_t count, fits;
  (void)flags;
  if (laid || !of(handle, DATABASE) || !backup) return laid ? laid : failing(ERR_INVALID_CONTEXT);
  *filled = 0;
  if (!backup->stopped) {
    violation("NSFBackupGetNextChangeInfo before NSFBackupStop");
    return OK;
  }
  if (size < CHUNK_HEADER + RECORD) return failing(ERR_INVALID_CONTEXT);
  uint8_t *records = recorded(backup->path, &count);
  /* Never more than three at a time, so that order matters. */
  fits = (size - CHUNK_HEADER) / RECORD;
  if (fits > 3) fits = 3;
  if (fits > count - backup->given) fits = count - backup->given;
  if (fits > 0) {
    uint32_t sequence = (uint32_t)backup->given, sum = checksum(records + sequence * RECORD, fits * RECORD);
    uint32_t of = checksum(backup->path, strlen(backup->path));
    memcpy(buffer, "CHG", 4);
    memcpy(buffer + 4, &sequence, 4);
    memcpy(buffer + 8, &sum, 4);
    memcpy(buffer + 12, &of, 4);
    memcpy(buffer + CHUNK_HEADER, records + sequence * RECORD, fits * RECORD);
    *filled = (DWORD)(CHUNK_HEADER + fits * RECORD);
    backup->given += fits;
  }
  free(records);
  if (backup->given == count) backup->unread = 0;
  return OK;
}

STATUS NSFBackupEnd(uint64_t handle, uint64_t context, DWORD options) {
  STATUS laid = enter("NSFBackupEnd", options ? "abort" : "whole");
  Open *backup = of(context, BACKUP);
  if (laid || !of(handle, DATABASE) || !backup) return laid ? laid : failing(ERR_NOT_DOING_BACKUP);
  if (options == 0 && (!backup->stopped || backup->unread))
    violation("NSFBackupEnd of %s with change information that nobody read", backup->path);
  lockWorld();
  endRecording(backup->path);
  unlockWorld();
  forget(backup);
  return OK;
}

STATUS NSFBackupStartApplyChangeInfo(uint64_t *context, char *copy, DWORD flags, DWORD low, DWORD high) {
  char path[PATH_SIZE];
  Open *apply;
  resolve(copy, path);
  STATUS laid = enter("NSFBackupStartApplyChangeInfo", path);
  (void)flags;
  if (laid) return laid;
  if (access(path, W_OK) != 0) return failing(ERR_NOEXIST);
  uint64_t handle = newHandle(APPLY, path, &apply);
  apply->expected = (uint64_t)high << 32 | low;
  giveHandle(context, handle);
  return OK;
}

STATUS NSFBackupApplyNextChangeInfo(uint64_t context, DWORD flags, char *buffer, DWORD size) {
  STATUS laid = enter("NSFBackupApplyNextChangeInfo", NULL);
  Open *apply = of(context, APPLY);
  uint32_t sequence, sum;
  (void)flags;
  if (laid || !apply) return laid ? laid : failing(ERR_INVALID_CONTEXT);
  memcpy(&sequence, buffer + 4, 4);
  memcpy(&sum, buffer + 8, 4);
  size_t length = size - CHUNK_HEADER, count = length / RECORD;
  if (memcmp(buffer, "CHG", 4) != 0 || sequence != apply->next || length % RECORD ||
      checksum(buffer + CHUNK_HEADER, length) != sum)
    return failing(ERR_CORRUPT_CHANGE_INFO);
  int copy = open(apply->path, O_RDWR | O_CLOEXEC);
  for (size_t i = 0; i < count; i++) {
    uint64_t offset;
    memcpy(&offset, buffer + CHUNK_HEADER + i * RECORD, 8);
    if (pwrite(copy, buffer + CHUNK_HEADER + i * RECORD + 8, PAGE, (off_t)offset) != PAGE) abort();
  }
  close(copy);
  apply->next += (uint32_t)count;
  apply->applied += length;
  return OK;
}

/* The copy learns here what recovery needs. */
static void stamp(const char *path) {
  uint8_t bytes[STAMP_SIZE] = "STAMP";
  FILE *copy = fopen(path, "r+b");
  if (!copy) return;
  DatabaseInfo info = {0, {{0, 0, 0, 0}}, 0};
  UNID id = logId();
  const Open *backup = backupUnderWay();
  if (backup) info = backup->info;
  if (info.logged) {
    memcpy(bytes + 8, &info.dbiid, 16);
    memcpy(bytes + 24, &info.firstExtent, 4);
    memcpy(bytes + 28, &id, 16);
    fseek(copy, STAMP_AT, SEEK_SET);
    fwrite(bytes, 1, sizeof bytes, copy);
  }
  fclose(copy);
}

STATUS NSFBackupEndApplyChangeInfo(uint64_t context, DWORD flags) {
  STATUS laid = enter("NSFBackupEndApplyChangeInfo", flags ? "abort" : "whole");
  Open *apply = of(context, APPLY);
  if (!apply) return failing(ERR_INVALID_CONTEXT);
  int whole = apply->applied == apply->expected;
  if (!flags && !laid && whole) stamp(apply->path);
  forget(apply);
  if (laid) return laid;
  return flags || whole ? OK : failing(ERR_CORRUPT_CHANGE_INFO);
}
