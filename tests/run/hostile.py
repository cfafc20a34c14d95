"""What pages try on a server of others, by target: none of it may change what is there.

A statement that begins with `IN somebodys:` is sent over a connection to that database.
"""

_MYSQL = """
USE somebodys; DROP TABLE table_0
DROP TABLE somebodys.table_1
DELETE FROM somebodys.table_2
TRUNCATE TABLE somebodys.table_3
UPDATE somebodys.table_4 SET words = 'gone'
INSERT INTO somebodys.table_5 VALUES (9, 'new', 9)
ALTER TABLE somebodys.table_6 ADD COLUMN more int
RENAME TABLE somebodys.table_7 TO somebodys.moved
CREATE TABLE somebodys.new (id int)
CREATE INDEX new ON somebodys.table_8 (words)
CREATE VIEW somebodys.seen AS SELECT 1
CREATE TRIGGER somebodys.hear BEFORE INSERT ON somebodys.table_9 FOR EACH ROW SET NEW.id = 1
CREATE PROCEDURE somebodys.act() SELECT 1
CREATE EVENT somebodys.later ON SCHEDULE EVERY 1 DAY DO SELECT 1
LOCK TABLES somebodys.table_0 WRITE
OPTIMIZE TABLE somebodys.table_0
DROP DATABASE somebodys
ALTER DATABASE somebodys CHARACTER SET latin1
CREATE DATABASE intruder
CREATE USER intruder
CREATE ROLE intruder
DROP USER somebody
ALTER USER somebody IDENTIFIED BY 'another'
SET PASSWORD FOR somebody = PASSWORD('another')
RENAME USER somebody TO nobody
GRANT ALL ON *.* TO somebody
GRANT SELECT ON somebodys.* TO CURRENT_USER()
REVOKE SELECT ON somebodys.* FROM somebody
INSERT INTO mysql.user (host, user) VALUES ('%', 'intruder')
DELETE FROM mysql.db
SET GLOBAL max_connections = 77
SET GLOBAL sql_mode = ''
SET GLOBAL event_scheduler = ON
SET PERSIST max_connections = 77
FLUSH TABLES WITH READ LOCK
FLUSH PRIVILEGES
PURGE BINARY LOGS BEFORE NOW()
CREATE SERVER other FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'localhost')
INSTALL PLUGIN other SONAME 'other.so'
CREATE FUNCTION other RETURNS STRING SONAME 'other.so'
LOAD DATA INFILE '/etc/passwd' INTO TABLE somebodys.table_0
SELECT 1 INTO OUTFILE '/tmp/crossnotes-was-here'
KILL 1
SHUTDOWN
"""

_POSTGRESQL = """
IN somebodys: DROP TABLE table_0
IN somebodys: DELETE FROM table_1
IN somebodys: TRUNCATE table_2
IN somebodys: UPDATE table_3 SET words = 'gone'
IN somebodys: INSERT INTO table_4 VALUES (9, 'new', 9)
IN somebodys: ALTER TABLE table_5 ADD COLUMN more int
IN somebodys: CREATE TABLE new (id int)
IN somebodys: CREATE INDEX new ON table_6 (words)
IN somebodys: CREATE VIEW seen AS SELECT * FROM table_7
IN somebodys: CREATE SCHEMA another
IN somebodys: CREATE FUNCTION act() RETURNS int LANGUAGE sql AS 'SELECT 1'
IN somebodys: LOCK TABLE table_8
IN somebodys: VACUUM FULL table_9
IN somebodys: COMMENT ON TABLE table_9 IS 'mine'
DROP DATABASE somebodys
ALTER DATABASE somebodys RENAME TO nobodys
ALTER DATABASE somebodys SET work_mem = '5MB'
COMMENT ON DATABASE somebodys IS 'mine'
CREATE DATABASE intruder
CREATE ROLE intruder
DROP ROLE somebody
ALTER ROLE somebody SUPERUSER
ALTER ROLE somebody SET work_mem = '5MB'
GRANT pg_write_server_files TO CURRENT_USER
SET ROLE somebody
SET SESSION AUTHORIZATION somebody
REASSIGN OWNED BY somebody TO CURRENT_USER
DROP OWNED BY somebody
ALTER SYSTEM SET work_mem = '5MB'
SELECT pg_reload_conf()
SELECT pg_rotate_logfile()
SELECT pg_switch_wal()
CHECKPOINT
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres'
COPY (SELECT 1) TO PROGRAM 'true'
COPY (SELECT 1) TO '/tmp/crossnotes-was-here'
SELECT pg_read_file('/etc/passwd')
SELECT lo_import('/etc/passwd')
CREATE TABLESPACE another LOCATION '/tmp'
CREATE EXTENSION file_fdw
CREATE FUNCTION act() RETURNS int LANGUAGE c AS 'other.so', 'act'
CREATE EVENT TRIGGER hear ON ddl_command_start EXECUTE FUNCTION act()
CREATE SUBSCRIPTION other CONNECTION 'host=localhost' PUBLICATION other
UPDATE pg_database SET datname = 'nobodys' WHERE datname = 'somebodys'
DELETE FROM pg_authid
"""

STATEMENTS = {
    "mysql": _MYSQL.strip().split("\n"),
    "mariadb": _MYSQL.strip().split("\n"),
    "postgresql": _POSTGRESQL.strip().split("\n"),
}

#: What is done, and leaves nothing: PostgreSQL only warns, and drops what the account made with it.
HARMLESS: dict[str, list[str]] = {
    "mysql": [],
    "mariadb": [],
    "postgresql": ["IN somebodys: VACUUM FULL table_9", "CREATE DATABASE intruder"],
}
