/* Backups under way: folders of the world, as whoever changes a database has to see them. */
#pragma once
#include "notes.h"

/* 0 where the database is being backed up already, by a process that lives. */
int beginRecording(const char *path, uint64_t size);
void setMark(const char *path, uint64_t size, uint64_t mark);
/* Bytes of an image that are about to change and that its owner has not read yet. The world is locked. */
void recordBefore(const char *path, uint64_t offset);
/* What was recorded: `count` records of an offset and a page. To be freed. */
uint8_t *recorded(const char *path, size_t *count);
void endRecording(const char *path);

#define RECORD (8 + PAGE)
