-- Run with: sqlcmd -S SERVER -b -i restore.sql -v folder="THE FOLDER WITH THE FILES, AS THE SERVER NAMES IT"
-- Nothing that exists is replaced. Change what stands behind TO where the files of a database are to lie elsewhere.
:on error exit
SET NOCOUNT ON;
GO

-- a: as it was at 2026-11-22T03:30:00+01:00
IF DB_ID(N'a') IS NOT NULL
  THROW 50000, N'A database of this name exists. See RESTORE.md: save the tail of its log, or restore under another name.', 1;
GO
RESTORE DATABASE [a] FROM DISK = N'$(folder)/0/a.bak'
  WITH NORECOVERY, CHECKSUM, STATS = 5,
  MOVE N'a' TO N'C:\data\a.mdf',
  MOVE N'a''s log' TO N'C:\data\a_log.ldf';
GO
RESTORE LOG [a] FROM DISK = N'$(folder)/1/a.bak'
  WITH NORECOVERY, CHECKSUM, STATS = 5, STOPAT = N'2026-11-22T03:30:00.000';
GO
RESTORE LOG [a] FROM DISK = N'$(folder)/3/a.bak'
  WITH NORECOVERY, CHECKSUM, STATS = 5, STOPAT = N'2026-11-22T03:30:00.000';
GO
RESTORE DATABASE [a] WITH RECOVERY;
GO
