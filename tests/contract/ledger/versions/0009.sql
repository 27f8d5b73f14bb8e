BEGIN TRANSACTION;
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);
INSERT INTO "alembic_version" VALUES('0009');
CREATE TABLE audits (
	id INTEGER NOT NULL, 
	beatport_id BIGINT NOT NULL, 
	track_id BLOB, 
	rules TEXT NOT NULL, 
	stratum TEXT NOT NULL, 
	stratum_size BIGINT NOT NULL, 
	answer TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "audits" VALUES(1,1,X'00000000000000000000000000000001','1','same, sure',40,'yes',1795156200);
INSERT INTO "audits" VALUES(2,3,NULL,'1','none',3,'unknown',1795242600);
CREATE TABLE backup_changes (
	backup INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	removed INTEGER NOT NULL, 
	track INTEGER, 
	added_at BIGINT, 
	PRIMARY KEY (backup, number), 
	FOREIGN KEY(backup) REFERENCES backups (backup), 
	FOREIGN KEY(track) REFERENCES tracks (track)
)
 WITHOUT ROWID

;
INSERT INTO "backup_changes" VALUES(1,0,0,0,1,1795156200);
INSERT INTO "backup_changes" VALUES(1,1,0,0,2,1795156200);
INSERT INTO "backup_changes" VALUES(1,2,0,0,3,NULL);
INSERT INTO "backup_changes" VALUES(1,3,0,0,4,1795156200);
INSERT INTO "backup_changes" VALUES(1,4,0,0,1,1795156200);
INSERT INTO "backup_changes" VALUES(2,0,0,0,6,1795156200);
INSERT INTO "backup_changes" VALUES(2,1,0,0,5,1795156200);
INSERT INTO "backup_changes" VALUES(3,0,0,0,2,1795156200);
INSERT INTO "backup_changes" VALUES(3,1,0,0,3,NULL);
INSERT INTO "backup_changes" VALUES(3,2,0,0,7,1795156200);
INSERT INTO "backup_changes" VALUES(3,3,0,0,1,1795156200);
INSERT INTO "backup_changes" VALUES(3,4,0,0,6,1795156200);
CREATE TABLE backups (
	backup INTEGER NOT NULL, 
	playlist INTEGER NOT NULL, 
	snapshot_id TEXT NOT NULL, 
	taken_at BIGINT NOT NULL, 
	rows INTEGER NOT NULL, 
	changes INTEGER NOT NULL, 
	base INTEGER, 
	merged INTEGER, 
	PRIMARY KEY (backup), 
	FOREIGN KEY(playlist) REFERENCES playlist_ids (playlist)
);
INSERT INTO "backups" VALUES(1,1,'s1',1795156200,5,0,NULL,NULL);
INSERT INTO "backups" VALUES(2,1,'s2',1795242600,7,2,1,NULL);
INSERT INTO "backups" VALUES(3,1,'s3',1795329000,5,0,NULL,NULL);
INSERT INTO "backups" VALUES(4,2,'s1',1795156200,0,0,NULL,NULL);
CREATE TABLE calls (
	id INTEGER NOT NULL, 
	at BIGINT NOT NULL, 
	kind TEXT NOT NULL, 
	count BIGINT NOT NULL, 
	run_key TEXT NOT NULL, 
	until BIGINT, 
	PRIMARY KEY (id)
);
INSERT INTO "calls" VALUES(1,1795156200,'search',20,'house',NULL);
INSERT INTO "calls" VALUES(2,1795156200,'read',3,'house',NULL);
INSERT INTO "calls" VALUES(3,1795156200,'held',15,'house',NULL);
INSERT INTO "calls" VALUES(5,1795156200,'quota',0,'house',1795242600);
CREATE TABLE challenges (
	id INTEGER NOT NULL, 
	source TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	until BIGINT, 
	in_a_row BIGINT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "challenges" VALUES(1,'website',1795156200,1795177800,1);
INSERT INTO "challenges" VALUES(2,'website',1795242600,NULL,0);
CREATE TABLE chart_entries (
	chart INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	entry INTEGER NOT NULL, 
	PRIMARY KEY (chart, position), 
	FOREIGN KEY(chart) REFERENCES charts (chart), 
	FOREIGN KEY(entry) REFERENCES entries (entry)
)
 WITHOUT ROWID

;
INSERT INTO "chart_entries" VALUES(1,1,1);
INSERT INTO "chart_entries" VALUES(2,2,1);
INSERT INTO "chart_entries" VALUES(1,2,2);
INSERT INTO "chart_entries" VALUES(1,3,3);
INSERT INTO "chart_entries" VALUES(2,1,4);
INSERT INTO "chart_entries" VALUES(3,2,5);
INSERT INTO "chart_entries" VALUES(3,1,6);
CREATE TABLE chart_reads (
	id INTEGER NOT NULL, 
	genre_id BIGINT NOT NULL, 
	source TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	entries BIGINT NOT NULL, 
	reached BIGINT, 
	total BIGINT, 
	PRIMARY KEY (id)
);
INSERT INTO "chart_reads" VALUES(1,5,'api',1795156200,2,NULL,NULL);
INSERT INTO "chart_reads" VALUES(2,-7,'inbox',1795156200,2,150,12000);
CREATE TABLE charts (
	chart INTEGER NOT NULL, 
	genre_id INTEGER NOT NULL, 
	scraped_at BIGINT NOT NULL, 
	fingerprint BIGINT NOT NULL, 
	PRIMARY KEY (chart)
);
INSERT INTO "charts" VALUES(1,5,1795156200,-2753492290666872648);
INSERT INTO "charts" VALUES(2,5,1795242600,2619533669351891455);
INSERT INTO "charts" VALUES(3,-7,1795156200,1251498252057725184);
CREATE TABLE corrections (
	id INTEGER NOT NULL, 
	beatport_id BIGINT NOT NULL, 
	replaces BLOB NOT NULL, 
	track_id BLOB, 
	at BIGINT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "corrections" VALUES(1,2,X'006E6F74203232206C6574746572733A20E2988320273B202D2D',X'00000000000000000000000000000002',1795156200);
CREATE TABLE entries (
	entry INTEGER NOT NULL, 
	fingerprint BIGINT NOT NULL, 
	beatport_id BIGINT NOT NULL, 
	name TEXT NOT NULL, 
	artists TEXT, 
	mix_name TEXT, 
	remixers TEXT, 
	isrc TEXT, 
	release TEXT, 
	label TEXT, 
	length_ms BIGINT, 
	bpm BIGINT, 
	"key" TEXT, 
	publish_date TEXT, 
	sub_genre TEXT, 
	is_dj_version BOOLEAN, 
	camelot TEXT, 
	PRIMARY KEY (entry), 
	UNIQUE (fingerprint)
);
INSERT INTO "entries" VALUES(1,-5216457860297126727,1,'Title 1 ☃','["Artist 1", "B, C"]',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "entries" VALUES(2,-3372885587399176689,2,'Title 2 ☃','["Artist 2", "B, C"]',NULL,NULL,'I2',NULL,NULL,300001,128,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "entries" VALUES(3,7044594681967618249,3,'Title 3 ☃','["Artist 3", "B, C"]',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "entries" VALUES(4,4243850033033720739,4,'Title 4 ☃','["Artist 4", "B, C"]',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "entries" VALUES(5,-8224960136407750304,6,'Title 6 ☃','["Artist 6", "B, C"]',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL);
INSERT INTO "entries" VALUES(6,-758814694140582719,5,'Title 5 ☃','["Artist 5", "B, C"]',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'Deep Tech',1,'8A');
CREATE TABLE history (
	id INTEGER NOT NULL, 
	playlist INTEGER NOT NULL, 
	track_id BLOB NOT NULL, 
	isrc TEXT, 
	recording TEXT NOT NULL, 
	beatport_id BIGINT, 
	source TEXT NOT NULL, 
	added_at BIGINT NOT NULL, 
	track_key INTEGER NOT NULL, 
	isrc_key INTEGER, 
	recording_key INTEGER, 
	rest_key INTEGER NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(playlist) REFERENCES playlist_ids (playlist)
);
INSERT INTO "history" VALUES(1,1,X'00000000000000000000000000000000','ISRC0','artist|title 0|',0,'chart',1795156200,1074890165,-484655735,1239394646,752052307);
INSERT INTO "history" VALUES(2,1,X'00000000000000000000000000000001','ISRC1','artist|title 1|',1,'chart',1795156200,-648027261,-575697,-1917540114,1896449063);
INSERT INTO "history" VALUES(3,1,X'00000000000000000000000000000002','ISRC2','artist|title 2|',2,'chart',1795156200,-1606601126,545587477,-1034950179,-1614417803);
INSERT INTO "history" VALUES(4,1,X'00000000000000000000000000000003','ISRC3','artist|title 3|',3,'chart',1795156200,-978670806,1885555868,646961263,-1930985030);
INSERT INTO "history" VALUES(5,1,X'00000000000000000000000000000004','ISRC4','artist|title 4|',4,'chart',1795156200,1068192369,1305187619,1429472042,336455411);
INSERT INTO "history" VALUES(6,2,X'00000000000000000000000000000007',NULL,'artist|title 7|',7,'playlist',1795156200,753902244,NULL,-286354619,1510369779);
INSERT INTO "history" VALUES(7,1,X'00000000000000000000000000000001','ISRC1','artist|title 1|',1,'import',1717396200,-648027261,-575697,-1917540114,-174468354);
INSERT INTO "history" VALUES(8,1,X'00000000000000000000000000000006','ISRC6','artist|title 6|',6,'import',1795156200,1604324745,-874055875,185082342,355567588);
CREATE TABLE ledger (
	"key" TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "ledger" VALUES('id','0123456789abcdef');
CREATE TABLE listed_playlists (
	listing INTEGER NOT NULL, 
	playlist_id BLOB NOT NULL, 
	name TEXT NOT NULL, 
	snapshot_id TEXT NOT NULL, 
	total BIGINT NOT NULL, 
	owner_id TEXT NOT NULL, 
	PRIMARY KEY (listing, playlist_id), 
	FOREIGN KEY(listing) REFERENCES listings (id) ON DELETE CASCADE
)
 WITHOUT ROWID

;
INSERT INTO "listed_playlists" VALUES(2,X'00000000000000000000000000000005','Name of 0000000000000000000005','s1',7,'me');
INSERT INTO "listed_playlists" VALUES(2,X'006E6F74203232206C6574746572733A20E2988320273B202D2D','Name of not 22 letters: ☃ ''; --','s1',7,'me');
CREATE TABLE listings (
	id INTEGER NOT NULL, 
	run_key TEXT NOT NULL, 
	listed_at BIGINT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "listings" VALUES(2,'house',1795156200);
CREATE TABLE matches (
	id INTEGER NOT NULL, 
	beatport_id BIGINT NOT NULL, 
	isrc TEXT, 
	track_id BLOB, 
	method TEXT NOT NULL, 
	score DOUBLE NOT NULL, 
	version TEXT, 
	rules TEXT NOT NULL, 
	decided_at BIGINT NOT NULL, 
	retry_at BIGINT, 
	reasons TEXT, 
	track_name TEXT, 
	track_artists TEXT, 
	track_isrc TEXT, 
	misses BIGINT NOT NULL, 
	runners_up TEXT, 
	track_duration_ms BIGINT, 
	track_album TEXT, 
	track_album_type TEXT, 
	track_release_date TEXT, 
	fingerprint BIGINT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "matches" VALUES(1,1,'ISRC1',X'00000000000000000000000000000001','search',91.5,'same','1',1795156200,NULL,'["title", "length"]','N ☃','["A", "B"]','I',0,NULL,NULL,NULL,NULL,NULL,8888910113654150046);
INSERT INTO "matches" VALUES(2,2,'ISRC2',X'006E6F74203232206C6574746572733A20E2988320273B202D2D','search',91.5,'same','1',1795156200,NULL,NULL,NULL,NULL,NULL,0,'[{"track_id": "0000000000000000000002", "name": "Name", "artists": ["Z"], "score": 80.25, "why": "longer"}]',NULL,NULL,NULL,NULL,-8171997962060559746);
INSERT INTO "matches" VALUES(3,3,'ISRC3',NULL,'search',91.5,NULL,'1',1795156200,1795242600,NULL,NULL,NULL,NULL,2,NULL,NULL,NULL,NULL,NULL,-1177007248335957847);
INSERT INTO "matches" VALUES(4,3,'ISRC3',X'00000000000000000000000000000003','person',91.5,'same','1',1795242600,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,-3171482805322282402);
INSERT INTO "matches" VALUES(5,4,'ISRC4',X'00000000000000000000000000000004','search',91.5,'same','1',1795156200,NULL,NULL,NULL,NULL,NULL,0,NULL,301000,NULL,NULL,NULL,868107510059782933);
INSERT INTO "matches" VALUES(6,5,'ISRC5',X'00000000000000000000000000000005','search',91.5,'same','1',1795156200,NULL,NULL,NULL,NULL,NULL,0,'[{"track_id": "0000000000000000000006", "name": "Name", "artists": ["Z"], "score": 60.5, "why": "another cut", "isrc": "I6", "duration_ms": 200000, "chance": 0.25}]',NULL,'Album ☃','single','2026-11',-5606718380084536291);
CREATE TABLE memory (
	id INTEGER NOT NULL, 
	genre_id BIGINT NOT NULL, 
	run_key TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	step TEXT NOT NULL, 
	state TEXT NOT NULL, 
	shared_process BIGINT NOT NULL, 
	host TEXT NOT NULL, 
	code_version TEXT NOT NULL, 
	before_bytes BIGINT, 
	peak_bytes BIGINT, 
	after_bytes BIGINT, 
	duration_s DOUBLE NOT NULL, 
	history_rows BIGINT, 
	searches BIGINT, 
	holders TEXT NOT NULL, 
	capture TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "memory" VALUES(2,5,'house',1795156200,'run','completed',1,'Linux ☃, Python 3.11','abc',134217728,5368709120,188743680,1.25,248000,17,'{"held": [["read ☃", "beatporter/x.py:1", 12]]}','memory-house.bin');
INSERT INTO "memory" VALUES(3,5,'house',1795156200,'match-tracks','completed',1,'Linux ☃, Python 3.11','abc',134217728,5368709120,157286400,1.25,248000,NULL,'{"held": [["read ☃", "beatporter/x.py:1", 12]]}','memory-house.bin');
CREATE TABLE playlist_ids (
	playlist INTEGER NOT NULL, 
	playlist_id BLOB NOT NULL, 
	PRIMARY KEY (playlist), 
	UNIQUE (playlist_id)
);
INSERT INTO "playlist_ids" VALUES(1,X'00000000000000000000000000000005');
INSERT INTO "playlist_ids" VALUES(2,X'006E6F74203232206C6574746572733A20E2988320273B202D2D');
CREATE TABLE playlists (
	id INTEGER NOT NULL, 
	genre_id BIGINT NOT NULL, 
	playlist_id BLOB NOT NULL, 
	name TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "playlists" VALUES(1,5,X'00000000000000000000000000000005','House',1795156200);
CREATE TABLE rearrangements (
	playlist INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	"before" TEXT, 
	wanted TEXT, 
	sent TEXT, 
	begun_at BIGINT NOT NULL, 
	PRIMARY KEY (playlist), 
	FOREIGN KEY(playlist) REFERENCES playlist_ids (playlist)
);
INSERT INTO "rearrangements" VALUES(1,'dedupe','["0000000000000000000001", "", "0000000000000000000001"]','["0000000000000000000001", ""]','["0000000000000000000001"]',1795156200);
CREATE TABLE runs (
	id INTEGER NOT NULL, 
	genre_id BIGINT NOT NULL, 
	state TEXT NOT NULL, 
	added BIGINT NOT NULL, 
	not_found BIGINT NOT NULL, 
	"deferred" BIGINT NOT NULL, 
	error TEXT, 
	at BIGINT NOT NULL, 
	run_key TEXT, 
	run_id TEXT, 
	playlist_id TEXT, 
	chart BIGINT, 
	matched BIGINT, 
	spotify_calls BIGINT, 
	peak_memory_mb DOUBLE, 
	memory_before_mb DOUBLE, 
	memory_after_mb DOUBLE, 
	duration_s DOUBLE, 
	error_type TEXT, 
	dry_run BIGINT, 
	PRIMARY KEY (id)
);
INSERT INTO "runs" VALUES(1,5,'deferred',2,1,3,'The budget ☃ is spent.',1795156200,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "runs" VALUES(2,5,'failed',1,2,3,'Beatport asked.',1795242600,'key','run','0000000000000000000005',100,95,12,240.5,100.0,120.0,9.5,'ChallengeShown',0);
INSERT INTO "runs" VALUES(3,5,'completed',9,0,0,NULL,1795329000,'key',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1);
CREATE TABLE snapshots (
	playlist INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	snapshot_id TEXT, 
	at BIGINT NOT NULL, 
	sending TEXT, 
	sent_at BIGINT, 
	PRIMARY KEY (playlist), 
	FOREIGN KEY(playlist) REFERENCES playlist_ids (playlist)
);
INSERT INTO "snapshots" VALUES(1,'recorded','s2',1795242600,NULL,NULL);
CREATE TABLE tracks (
	track INTEGER NOT NULL, 
	fingerprint BIGINT NOT NULL, 
	track_id BLOB, 
	isrc TEXT, 
	name TEXT NOT NULL, 
	artists TEXT, 
	PRIMARY KEY (track), 
	UNIQUE (fingerprint)
);
INSERT INTO "tracks" VALUES(1,-3696933488114393022,X'00000000000000000000000000000000','ISRC0','Title 0','["Artist 0"]');
INSERT INTO "tracks" VALUES(2,-1650965776593639794,X'00000000000000000000000000000002','ISRC2','Title 2','["Artist 2"]');
INSERT INTO "tracks" VALUES(3,-877698710052203507,NULL,NULL,'local file',NULL);
INSERT INTO "tracks" VALUES(4,3339982247820228075,X'00000000000000000000000000000001','ISRC1','Title 1','["Artist 1"]');
INSERT INTO "tracks" VALUES(5,-803845649241803843,X'00000000000000000000000000000003','ISRC3','Title 3','["Artist 3"]');
INSERT INTO "tracks" VALUES(6,8518907864392585432,X'00000000000000000000000000000004','ISRC4','Title 4','["Artist 4"]');
INSERT INTO "tracks" VALUES(7,-957199915079508721,X'00000000000000000000000000000005','ISRC5','Title 5','["Artist 5"]');
CREATE INDEX entries_by_beatport_id ON entries (beatport_id);
CREATE UNIQUE INDEX charts_once ON charts (genre_id, scraped_at, fingerprint);
CREATE UNIQUE INDEX matches_once ON matches (beatport_id, fingerprint);
CREATE INDEX matches_by_track ON matches (track_id, decided_at);
CREATE INDEX playlists_by_genre ON playlists (genre_id, at);
CREATE INDEX corrections_by_entry ON corrections (beatport_id);
CREATE INDEX listings_by_run ON listings (run_key);
CREATE INDEX calls_by_time ON calls (at);
CREATE INDEX calls_by_until ON calls (until);
CREATE INDEX runs_by_genre ON runs (genre_id, at);
CREATE INDEX runs_by_key ON runs (run_key);
CREATE INDEX memory_by_genre ON memory (genre_id, at);
CREATE INDEX memory_by_time ON memory (at);
CREATE INDEX challenges_by_source ON challenges (source, at);
CREATE INDEX chart_reads_by_genre ON chart_reads (genre_id, at);
CREATE INDEX chart_entries_by_entry ON chart_entries (entry, chart);
CREATE INDEX history_by_recording ON history (playlist, recording_key);
CREATE UNIQUE INDEX history_once ON history (playlist, track_key, rest_key);
CREATE INDEX history_by_isrc ON history (playlist, isrc_key);
CREATE UNIQUE INDEX backups_once ON backups (playlist, snapshot_id);
CREATE UNIQUE INDEX backups_by_time ON backups (playlist, taken_at);
COMMIT;
