"""One-line mistakes in the rules that decide, and whether a test notices each: `make mutants`.

    .venv/bin/python -m tests.mutants              # all
    .venv/bin/python -m tests.mutants budget       # those whose name or file contains that word

A mistake replaces a text in a file. The tests that should notice it run in a copy of the tree. A mistake that they miss is a *survivor*:
it needs a test, or the line is not needed. Exit code 1 when there is one.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
STATE, PLAN, APPLY = "tests/unit/test_playlist_state.py", "tests/unit/test_spotify_plan.py", "tests/contract/test_spotify_apply.py"
BUDGET = "tests/unit/test_quota_budget.py tests/unit/test_quota_waits.py"
TABLES = "tests/contract/ledger/test_ledger_tables.py tests/contract/ledger/test_ledger_history.py"
MEMORY, JUDGE = (
    "tests/unit/test_memory_report.py tests/memory/test_memory_capture.py tests/memory/test_memory_capture_faults.py",
    "tests/unit/test_matching_judge.py tests/unit/test_matching_decide.py",
)
ALLOCATION, RECOVERY = "tests/unit/test_quota_allocation.py", "tests/unit/test_sync_crash_recovery.py"
RELINKED, STEPS = "tests/contract/test_relinked_tracks.py", "tests/contract/test_sync_steps.py"
MEMORY_RULES = "tests/unit/test_memory_past_runs.py tests/unit/test_memory_overview.py"
MEMORY_FILES = "tests/unit/test_memory_files.py"
KINDS, FIND = "tests/unit/test_matching_kinds.py", "tests/unit/test_matching_find.py"
ADVERSARY, AUDIT = "tests/unit/test_matching_adversary.py", "tests/unit/test_matching_audit.py tests/unit/test_matching_intervals.py"
CALLS = "tests/contract/ledger/test_ledger_calls.py"
RUN_CHECK = "tests/contract/ledger/test_startup_check.py"
SUDDEN, REFUSALS = "tests/contract/test_sudden_misses.py", "tests/unit/test_quota_refusals.py"
MISS_RATE = "tests/unit/test_miss_rate.py"
BRIEFING, GENRES, UP = "tests/unit/test_sync_briefing.py", "tests/unit/test_genres.py", "tests/workflow/test_up.py"
RUNS, FAN_OUT = "tests/unit/test_orchestration_genre_runs.py", "tests/unit/test_orchestration_fan_out.py"
SOURCES = "tests/contract/charts/test_chart_sources.py"
FIRST_WINS = f"{SOURCES}::test_what_all_said_is_told_and_the_kind_of_error_is_that_of_what_matters_most"
RESTING = f"{SOURCES}::test_each_challenge_in_a_row_makes_the_rest_longer_and_an_answer_ends_that"
OLD_CHART = f"{SOURCES}::test_without_any_source_the_last_good_chart_is_used_as_challenged"
UNREAD_LABEL = "tests/contract/charts/test_labels.py::test_while_the_sources_refuse_a_label_goes_on_with_what_is_undecided"
DRILL = "tests/contract/ledger/test_maintain.py"
AT_ONCE = f"{SOURCES}::test_genres_that_meet_one_challenge_at_once_count_it_once"
GENRE_LIST = f"{SOURCES}::test_genres_are_read_from_the_api_else_from_the_website"
ARRANGEMENT, DUPLICATES = "tests/unit/test_spotify_arrangement.py", "tests/unit/test_sync_duplicates.py"
DEDUPE, CARE = "tests/contract/test_dedupe.py", "tests/contract/test_playlist_care.py"
RETENTION, RETAINED = (
    "tests/contract/ledger/test_retention.py",
    "tests/contract/ledger/test_retention.py::test_the_archive_keeps_what_was_archived",
)
EXACT = f"{RETENTION}::test_every_state_that_stays_is_exactly_as_before"
MEANWHILE = f"{DEDUPE}::test_what_the_person_does_meanwhile_stays"
BREAK = f"{DEDUPE}::test_a_break_at_any_call_is_continued_without_loss"
SHARED_RATE, SERVER = "tests/unit/test_orchestration_shared_rate.py", "tests/unit/test_orchestration_server.py"
COMPLETE, ADOPT = "tests/contract/test_complete_history.py", "tests/contract/test_adopt.py"
IMPORT, CONFIG = "tests/contract/ledger/test_import_script_history.py", "tests/unit/test_script_config.py"
MOVED, LOOK_ALIKES = "tests/unit/test_script_settings.py", "tests/unit/test_look_alikes.py"

PLAYLIST_PLAN, KINDS_OF_PLAYLIST = "tests/unit/test_playlist_plan.py", "tests/contract/test_playlist_kinds.py"

MUTANTS: tuple[tuple[str, str, str, str, str], ...] = (
    # name, file, original text, mistake, tests that should notice
    ("an unknown snapshot counts as known", "sync/playlist_state.py", "return self._row is not None and self._row.snapshot_id is None", "return False", STATE),
    ("written counts as unchanged", "sync/playlist_state.py", 'self._row.state == "recorded" and self._row.snapshot_id == self', "self._row.snapshot_id == self", STATE),
    ("a backup is assumed to show it", "sync/playlist_state.py", "snapshot_id if self._backup_shows_it or self._position is None else None", "snapshot_id", STATE),
    ("an unconfirmed write is recorded", "sync/playlist_state.py", 'written = row.sending if row is not None and row.state == "written" else ()', "written = row.sending if row is not None else ()", STATE),
    ("recording does not end the write", "sync/playlist_state.py", 'self._save("recorded", row.snapshot_id, row.sending, row.sent_at, at=row.at)', "pass", STATE),
    ("recording makes a write younger", "sync/playlist_state.py", "row.sending, row.sent_at, at=row.at)", "row.sending, row.sent_at)", STATE),
    ("a backup makes a write younger", "sync/playlist_state.py", 'self._save("recorded", row.snapshot_id, at=row.at)', 'self._save("recorded", row.snapshot_id)', STATE),
    ("what is sent to the end is not known as that", "sync/playlist_state.py", '"appending" if at_end else "writing"', '"writing"', STATE),
    ("an unconfirmed state is backed up", "sync/playlist_state.py", 'row.state == "recorded" and row.snapshot_id is not None and bool(row.sending)', "row.snapshot_id is not None and bool(row.sending)", STATE),
    ("a listing from before the last write is believed", "sync/playlist_state.py", "if not was_before and (listed is None or last.taken_at < listed.taken_at):", "if not was_before:", STATE),
    ("an older snapshot is never believed", "sync/playlist_state.py", "if self._workspace.now() - row.at > LISTING_KEPT:", "if False:", STATE),
    ("a later backup counts as an older listing", "sync/playlist_state.py", " or last.taken_at < listed.taken_at", "", STATE),
    ("when the account was listed is not asked", "sync/playlist_state.py", "was_before = playlist.listed_at is not None and playlist.listed_at < row.at", "was_before = False", STATE),
    ("a stale snapshot is trusted", "sync/playlist_state.py", "playlist.snapshot_id if shown == ids else None", "playlist.snapshot_id", STATE),
    ("removals are not recorded", "sync/playlist_state.py", "self._ledger.history.append(self.playlist_id, list(self._history_rows(gone)))", "pass", STATE),
    ("looking writes", "sync/playlist_state.py", "            self._take_in(chunk, reading)\n        return", "            self._ledger.history.append(self.playlist_id, self._take_in(chunk, reading))\n        return", STATE),
    ("recovery looks at confirmed writes", "sync/crash_recovery.py", 'state.state not in ("writing", "appending") or ', "", RECOVERY),
    ("recovery forgets the time", "sync/crash_recovery.py", "if _in_time(state.sent_at, added_at)", "", RECOVERY),
    ("recovery takes the last request for the first", "sync/crash_recovery.py", "requests[shown[0] :]", "requests[: shown[0] + 1]", RECOVERY),
    ("a relinked track is unknown by ISRC", "sync/candidates.py", "if listed.isrc in self._by_isrc:", "if False:", RELINKED),
    ("length does not distinguish cuts", "sync/candidates.py", "abs(duration_ms - listed.duration_ms) <= SAME_LENGTH_MS", "True", RELINKED),
    ("a removal uses only the sent id", "spotify/apply.py", "client.remove_items(playlist_id, [shown])", "client.remove_items(playlist_id, [sent])", RELINKED),
    ("a refused removal is given up", "spotify/apply.py", "if error.status != _BAD_REQUEST:", "if True:", RELINKED),
    ("removed tracks come back", "spotify/plan.py", "add=_without(wanted, present, held)", "add=_without(wanted, present)", PLAN),
    ("a recording comes twice", "spotify/plan.py", " or keys & seen_keys", "", PLAN),
    ("the daily list overflows", "spotify/plan.py", "chosen[: max(0, size - len(present))]", "chosen[:size]", PLAN),
    ("the mirror is sent again", "spotify/plan.py", "if list(target) == list(present):", "if False:", PLAN),
    ("too few are moved on", "spotify/plan.py", "needed = len(present) + adding - limit", "needed = len(present) - limit", PLAN),
    ("missing tracks go below", "spotify/plan.py", "position if last_place is None else last_place + 1", "position", PLAN),
    ("kinds: what goes to the end goes on top", "spotify/plan.py", "held), position=position, at_end=at_end)", "held))", PLAN),
    ("kinds: nothing counts as moved", "spotify/plan.py", "len(stays) - _longest_rise(stays)", "0", PLAN),
    ("kinds: the newest tracks are moved on", "spotify/plan.py", "movable[:moving] if oldest_on_top else movable[-moving:]", "movable[-moving:]", PLAN),
    ("kinds: a place beyond the end", "spotify/apply.py", "(None if at_end else position, add)", "(position, add)", f"{APPLY}::test_an_addition_at_the_end_succeeds_after_the_person_removed_something"),
    ("kinds: what a mirror kept counts as added", "spotify/apply.py", "(counted is None or one in counted)", "True", f"{APPLY}::test_a_long_mirror_reports_what_is_new_once_and_never_drops_what_it_put_in"),
    ("kinds: a write at the end is backed up on top", "sync/playlist_state.py", "if self._position == 0 or known is None or row is None:", "if True:", STATE),
    ("kinds: a mirror's backup keeps what was there", "sync/playlist_state.py", "if self._position is None or before is None", "if before is None", STATE),
    ("kinds: all that was sent counts as new", "sync/playlist_state.py", "if track_id not in known]", "]", STATE),
    ("kinds: digging off brings back what was heard", "sync/playlist_plan.py", 'self.kind == "collect" and self.options', "self.options", PLAYLIST_PLAN),
    ("kinds: what others had counts for nothing", "sync/playlist_plan.py", 'if target.options.digging == "all":', "if False:", PLAYLIST_PLAN),
    ("kinds: the list's own playlists count", "sync/candidates.py", "except_for=own,", "except_for=(),", PLAYLIST_PLAN),
    ("kinds: made up from the oldest", "sync/playlist_plan.py", "key=lambda one: -one[0]", "key=lambda one: one[0]", PLAYLIST_PLAN),
    ("kinds: what was ruled out makes a daily playlist up", "sync/playlist_plan.py", 'standing.method == "person" and ', "", PLAYLIST_PLAN),
    ("kinds: a list with the same title takes the choices", "settings.py", "or (own and genre.slug not in self.subscriptions())", "", "tests/unit/test_settings_playlists.py"),
    ("kinds: a recording fills two places", "sync/playlist_plan.py", "if not _is_known(one, there)]", "]", PLAYLIST_PLAN),
    ("kinds: the end of an empty playlist is its top", "sync/playlist_plan.py", "return plan_collect(new, reading.present, held, position=position, at_end=at_end)", "return plan_collect(new, reading.present, held, position=position, at_end=position > 0)", PLAYLIST_PLAN),
    ("kinds: at the end the last request goes first", "spotify/apply.py", "for batch in parts if at_end else reversed(parts):", "for batch in reversed(parts):", APPLY),
    ("recovery takes the first request at the end for the last", "sync/crash_recovery.py", 'requests[: shown[-1] + 1] if state.state == "appending" else requests[shown[0] :]', "requests[shown[0] :]", RECOVERY),
    ("kinds: a mirror shows what left the chart", "sync/playlist_plan.py", "() if is_mirror else track_ids", "track_ids", PLAYLIST_PLAN),
    ("kinds: a mirror is emptied", "sync/playlist_plan.py", " if wanted else Plan()", "", PLAYLIST_PLAN),
    ("kinds: a mirror is sent again after a read", "sync/candidates.py", "return row.track_id if row.track_id in self._ids or row.isrc is None else self._by_isrc.get(row.isrc, row.track_id)", "return row.track_id", PLAYLIST_PLAN),
    ("kinds: a daily playlist lets entries wait", "sync/candidates.py", ' and one != "daily"', "", PLAYLIST_PLAN),
    ("kinds: what is there under another id is added", "sync/playlist_plan.py", "    return seen.known\n", "    return Known()\n", f"{KINDS_OF_PLAYLIST}::test_with_digging_off_a_recording_that_is_there_under_another_id_counts"),
    ("kinds: an override does not reach the daily playlist", "sync/playlist.py", 'target.kind != "mirror" and apply_overrides', 'target.kind == "collect" and apply_overrides', f"{KINDS_OF_PLAYLIST}::test_an_override_reaches_every_kind"),
    ("kinds: a description is written at creation too", "sync/playlist_details.py", "if target.options.description and not is_new:", "if target.options.description:", "tests/contract/test_playlist_details.py::test_the_description_is_written_with_a_change_and_costs_no_read"),
    ("kinds: everybody is asked for the permission for covers", "spotify/sign_in.py", "(*SCOPES, COVER_SCOPE) if settings.draws_covers else SCOPES", "(*SCOPES, COVER_SCOPE)", "tests/contract/test_spotify_login.py"),
    ("kinds: two playlists of one name", "settings.py", "if names.setdefault(name.casefold(), place) != place:", "if False:", "tests/unit/test_settings_playlists.py"),
    ("a stale snapshot after a lost answer", "spotify/apply.py", "                doubt = error\n                self.snapshot_id = None", "                doubt = error", APPLY),
    ("the first batch goes first", "spotify/apply.py", "for batch in parts if at_end else reversed(parts):", "for batch in parts:", APPLY),
    ("no pause before looking", "spotify/apply.py", "self.sleep(SETTLE_S * 2 ** (number - 1))", "pass", APPLY),
    ("kept calls are searched with", "quota/budget.py", "elif self.kept > 0 and kind != SEARCH:", "elif self.kept > 0:", BUDGET),
    ("calls in hand never expire", "quota/budget.py", "now - self._taken_at >= HELD_FOR", "False", BUDGET),
    ("waiting never ends", "quota/budget.py", "if moment > patient_until:", "if False:", BUDGET),
    ("another process's quota is ignored", "quota/budget.py", "in self._calls.refused(now).items():", "in ():", BUDGET),
    ("a share does not limit", "quota/budget.py", "self._searches >= self._max_searches:", "False:", BUDGET),
    ("the margin is forgotten", "quota/window.py", "at.replace(microsecond=0) - WINDOW - MARGIN", "at.replace(microsecond=0) - WINDOW", BUDGET),
    ("the budget is ignored", "ledger/calls.py", "case((left < wanted, left), else_=wanted)", "literal(wanted)", CALLS),
    ("an overspent budget gives calls", "ledger/calls.py", "            left > 0\n", "            left > -(10**9)\n", CALLS),
    ("an unfair share", "quota/allocation.py", "searches = max(fair, free - sum(self._waiting.values()))", "searches = free", ALLOCATION),
    ("calls made before count again", "quota/allocation.py", "self._calls -= used - self._made.get(slug, 0)", "self._calls -= used", ALLOCATION),
    ("the latest row of a track counts", "ledger/history.py", "standing.setdefault(row.track_id, row)", "standing[row.track_id] = row", TABLES),
    ("equal keys are equal texts", "ledger/history.py", "texts.keys() & column", "(texts.keys() if column else ())", TABLES),
    ("an imported date is dropped", "ledger/history.py", 'row.added_at if row.source == "import" else None', "None", TABLES),
    ("a machine overrules a person", "ledger/matches.py", 'spoken[-1] if spoken and spoken[-1].method == "person" else rows[-1]', "rows[-1]", TABLES),
    ("a chain never begins again", "ledger/backups.py", "before is None or before.changes + len(changes) > len(items)", "before is None", "tests/contract/ledger/test_ledger_backups.py"),
    ("an older copy is accepted", "ledger/startup_check.py", "if seen > counted:", "if False:", RUN_CHECK),
    ("thinning keeps the first", "memory/analysis.py", "max(group, key=lambda moment: moment.rss_bytes)", "group[0]", MEMORY),
    ("a slope that may be flat is growing", "memory/trend.py", "if slope.low > GROWS_FROM_MB", "if slope.estimate > GROWS_FROM_MB", MEMORY_RULES),
    ("a narrow spread makes anything worse", "memory/trend.py", "max(_SPREADS * spread, _SHARE * middle)", "_SPREADS * spread", MEMORY_RULES),
    ("a wide spread allows no more", "memory/trend.py", "max(_SPREADS * spread, _SHARE * middle)", "_SHARE * middle", MEMORY_RULES),
    ("runs of other machines are compared", "memory/past_runs.py", "row.host == facts.host", "True", MEMORY_RULES),
    ("killed runs say what is usual", "memory/past_runs.py", 'row.state == "completed" and row.peak_bytes', "row.peak_bytes", MEMORY_RULES),
    ("the days' slope counts runs", "memory/past_runs.py", "[at for at, _ in points]", "None", MEMORY_RULES),
    ("a met budget is exceeded", "memory/budget.py", "if peak_mb <= budget_mb", "if peak_mb < budget_mb", MEMORY_RULES),
    ("what was there before is a difference", "memory/compare.py", "- (start or 0)", "- 0", MEMORY_RULES),
    ("what an earlier run left stays", "memory/garbage.py", "if next(_earlier_runs):", "if False:", "tests/unit/test_memory_garbage.py"),
    ("the first genre counts", "memory/overview.py", "if genre.after_mb][_WARM_UP:]", "if genre.after_mb]", MEMORY_RULES),
    ("a run at work is reported as killed", "memory/flight_record.py", "record is None or is_alive(record.process)", "record is None", MEMORY_FILES),
    ("another process with the number is the run", "memory/flight_record.py", "process_mark(int(number)) == mark and", "", MEMORY_FILES),
    ("a killed run is reported by all", "memory/flight_record.py", "            path.rename(claimed)", "            pass", MEMORY_FILES),
    ("captures at work are pruned", "memory/keeping.py", "if one.path.stem not in at_work", "", MEMORY_FILES),
    ("pages cost nothing", "memory/keeping.py", "one.bytes + sum(page.stat().st_size for page in pages_of(one.path))", "one.bytes", MEMORY_FILES),
    ("the newest capture goes like any other", "memory/keeping.py", "ranked.append((rank[one.name], -one.at.timestamp(), one))", "ranked.append((0, -one.at.timestamp(), one))", MEMORY_FILES),
    ("reservations are memory", "memory/analysis.py", "if not size or place.reserves", "if not size", MEMORY),
    ("a step has the run's peak", "memory/capture.py", "        self._fold()\n        self.steps.append(", "        self.steps.append(", MEMORY),
    ("the outermost own frame counts", "memory/analysis.py", "(frame for frame in stack if is_own", "(frame for frame in stack[::-1] if is_own", MEMORY),
    ("penalties do not count", "matching/judge.py", "score < weights.ACCEPT", "False", JUDGE),
    ("a stranger's second name is no stranger", "matching/version.py", "return not beside & (rest - people)", "return True", KINDS),
    ("every version is soft", "matching/version.py", "if not silent.kinds and speaks.kinds <= words.SOFT_KINDS:", "if not silent.kinds:", KINDS),
    ("vocals leave the length free", "matching/version.py", "if (one.names ^ other.names) & words.SAME_ARRANGEMENT:", "if False:", KINDS),
    ("any suffix names the artists", "matching/title.py", "return without_unknown(title) if unknown and found == unknown else title", "return without_unknown(title) if unknown else title", KINDS),
    ("every short bracket tells namesakes apart", "matching/title.py", 'return bool(_WHICH_ARTIST.fullmatch(f"({inner})")) and not is_version(inner)', 'return bool(_WHICH_ARTIST.fullmatch(f"({inner})"))', KINDS),
    ("a bracket with a stranger is a subtitle", "matching/compare.py", 'return "tag"  # "(Sub', 'pass  # "(Sub', KINDS),
    ("a long subtitle needs no named cut", "matching/judge.py", 'fit == "long subtitle" and _is_named_cut(case) and artists.complete', 'fit == "long subtitle" and artists.complete', ADVERSARY),
    ("a long subtitle needs no artists", "matching/judge.py", 'fit == "long subtitle" and _is_named_cut(case) and artists.complete', 'fit == "long subtitle" and _is_named_cut(case)', KINDS),
    ("one title by two line-ups is the same", "matching/judge.py", 'if partly_others and case.isrc == "differs"', 'if False and case.isrc == "differs"', KINDS),
    ("a club mix needs no equal length", "matching/judge.py", "case.length_equal and artists.complete and (case.isrc != \"differs\" or case.length_identical))):", "artists.complete)):", KINDS),
    ("anybody may join a cut of equal length", "matching/judge.py", "return case.length_equal and artists.complete and", "return case.length_equal and", KINDS),
    ("members may stand on any cut", "matching/judge.py", 'case.track_title.version.cut == "radio" and _is_named_cut(case)', "True", KINDS),
    ("any ISRC is of the batch", "matching/judge.py", "<= weights.ISRC_BATCH", ">= 0", KINDS),
    ("a namesake is the artist", "matching/judge.py", "if fit.namesake:", "if False:", KINDS),
    ("an answer is always whole", "matching/find.py", "if len(answer) < _FULL_ANSWER:", "if True:", FIND),
    ("a doubtful same settles", "matching/find.py", "if best.score < weights.DOUBT:", "if False:", FIND),
    ("another's ISRC is not named", "matching/explain.py", "if not isrcs_agree(entry, verdict.track):", "if False:", FIND),
    ("misses are hidden", "matching/explain.py", "return _chance(other) >= weights.YES_SHOWN", "return _chance(other) >= 0.5", KINDS),
    ("the nearest is not first", "matching/decide.py", "0.0 if verdict.version else -verdict.chance,", "0.0,", KINDS),
    ("strata count alike", "matching/intervals.py", "stratum.size * stratum.yes / stratum.asked", "stratum.yes / stratum.asked * whole / len(asked)", AUDIT),
    ("an audit asks about a person's decision", "sync/audit.py", 'if match.method in ("isrc", "search"):', "if match.method:", "tests/contract/test_match_cases.py"),
    ("cannot tell is a no", "sync/audit.py", 'told = [row for row in rows if row.answer != "unknown"]', "told = list(rows)", AUDIT),
    ("older rules count, too", "sync/audit.py", "for row in rows if row.rules == rules}", "for row in rows}", AUDIT),
    ("sudden misses are kept", "sync/miss_rate.py", "if 2 * missed <= len(fresh):", "if True:", SUDDEN),
    ("one lost control is a fault", "sync/miss_rate.py", "if 2 * len(lost) <= len(controls):", "if not lost:", MISS_RATE),
    ("second tries are sudden misses", "sync/miss_rate.py", " if not _was_missed(before.get(match.beatport_id))", "", SUDDEN),
    ("the end of the quota discards a single miss", "sync/miss_rate.py", "return error if missed > BELIEVED else None", "return error", "tests/unit/test_miss_rate.py"),
    ("a first spell is kept", "sync/miss_rate.py", "return None if missed < len(fresh) else", "return None if True else", SUDDEN),
    ("a refused kind closes all", "quota/refusals.py", "EVERY_KIND in refused or len(refused) > 1", "refused", REFUSALS),
    ("two refused kinds close only themselves", "quota/refusals.py", " or len(refused) > 1", "", REFUSALS),
    ("one refusal is learned from", "quota/refusals.py", "LEAST_REFUSALS = 2", "LEAST_REFUSALS = 1", REFUSALS),
    ("a spell counts for each refusal in it", "quota/refusals.py", "not found or at >= found[-1].until", "True", REFUSALS),
    ("the lowest refusal is learned", "quota/refusals.py", "max(LEAST_LEARNED, *(spell", "min(LEAST_LEARNED, *(spell", REFUSALS),
    ("an outage gives everyone the whole rate", "../orchestration/shared_rate.py", "return self._rate / self._sharing", "return self._rate", SHARED_RATE),
    ("a refusing server counts as away", "../orchestration/shared_rate.py", "if not is_away(error):", "if False:", SHARED_RATE),
    ("a run gives up at once without its server", "../orchestration/server.py", "if not is_away(error) or waited_s >= AWAY_S:", "if True:", SERVER),
    ("states are not sent after an outage", "../orchestration/server.py", "        send_what_was_not_sent()\n", "        pass\n", SERVER),
    ("an empty file is a new ledger", "ledger/engine.py", "path.stat().st_size < MIN_FILE_BYTES", "0 < path.stat().st_size < MIN_FILE_BYTES", "tests/contract/ledger/test_ledger_damage.py"),
    ("an old run makes a genre ready", "sync/briefing.py", "run is not None and run.at >= since", "run is not None", BRIEFING),
    ("a failed genre is ready", "sync/briefing.py", ' and self.run.state != "failed"', "", BRIEFING),
    ("what came in long ago is new", "sync/briefing.py", "if row.added_at >= since", "if True", BRIEFING),
    ("the last run counts as the last change", "sync/briefing.py", "ledger.runs.last_change(", "ledger.runs.latest(", BRIEFING),
    ("a run without additions counts as a change", "ledger/runs.py", "RUNS.c.added > 0, ", "", BRIEFING),
    ("a failed genre is not retried with its parent", "../orchestration/genre_runs.py", " and not run.state.is_completed()", " and run.state.is_completed()", RUNS),
    ("an overdue run is waited for", "../orchestration/genre_runs.py", "if self._clock() - at_work.since < limit_s:", "if True:", RUNS),
    ("a retried parent starts a genre again", "../orchestration/genre_runs.py", "run = self._earlier.get(self._key(slug))", "run = None", RUNS),
    ("more genres at once than allowed", "../orchestration/fan_out.py", "while waiting and len(runs.at_work) < max_concurrent:", "while waiting:", FAN_OUT),
    ("a resting source is asked", "beatport/sources.py", "if self._rests is not None else None\n        if until is not None:", "if self._rests is not None else None\n        if False:", RESTING),
    ("an answer does not end the row of challenges", "beatport/sources.py", "self._rests.note_answer(name, self._now())", "pass", RESTING),
    ("a row that the rebuild lost is not missed", "ledger/drill.py", "if found[archived.name] != connection.execute(theirs).scalar_one():", "if False:", DRILL),
    ("rows are not compared with the rebuilt ones", "ledger/drill.py", "if connection.execute(_unlike(archived.table, other).where(other.c[number.name] > after)).first() is not None:", "if False:", DRILL),
    ("what rows refer to is not compared", "ledger/drill.py", "if connection.execute(_unlike(table, _in_other(table))).first() is not None:", "if False:", DRILL),
    ("thinned backups are not read", "ledger/drill.py", "            if archived.origin is BACKUPS:\n", "            if False:\n", DRILL),
    ("a drill that differs does not keep old rows from going", "ledger/maintain.py", "report.problems = [*found.problems, *report.problems]", "report.problems, late = [*found.problems], report.problems", DRILL),
    ("a label of long ago goes on without its source", "sync/scrape.py", "if read is None or read.at < oldest:", "if read is None:", UNREAD_LABEL),
    ("a chart of long ago is used", "sync/scrape.py", "if chart is None or chart.scraped_at < oldest:", "if chart is None:", OLD_CHART),
    ("every rest is the first", "ledger/challenges.py", "RESTS[min(in_a_row, len(RESTS)) - 1]", "RESTS[0]", RESTING),
    ("one challenge counts once a genre", "ledger/challenges.py", "latest.until is not None and latest.until > now:\n                return", "False:\n                return", AT_ONCE),
    ("a challenge matters more than a changed shape", "beatport/sources.py", "(PageShapeChanged, ChartNotYet, TransientError, ChallengeShown, SignInExpired)", "(ChallengeShown, PageShapeChanged, ChartNotYet, TransientError, SignInExpired)", FIRST_WINS),
    ("the website's genres come before the API's", "beatport/sources.py", "key=lambda name: name != \"api\"", "key=lambda name: name == \"api\"", GENRE_LIST),
    ("what the website does not show is gone", "../cli/genres.py", "if whole and genre.genre_id", "if genre.genre_id", GENRES),
    ("a playlist with a local file is rewritten", "spotify/arrangement.py", "if None not in present:", "if True:", ARRANGEMENT),
    ("dates are never kept", "spotify/arrangement.py", "if not keep_dates:", "if True:", ARRANGEMENT),
    ("of equal plans the last is taken", "spotify/arrangement.py", "return min(plans, key=", "return min(plans[::-1], key=", ARRANGEMENT),
    ("the highest insertion goes first", "spotify/arrangement.py", "for position, ids in reversed(runs):", "for position, ids in runs:", ARRANGEMENT),
    ("one occurrence can be removed", "spotify/arrangement.py", "counts[track_id] > wanted[track_id] and", "not wanted[track_id] and", ARRANGEMENT),
    ("neighbours move one by one", "spotify/arrangement.py", "                length += 1\n", "                break\n", ARRANGEMENT),
    ("what is being sent was removed by the person", "spotify/arrangement.py", "if track_id in sent or now", "if now", ARRANGEMENT),
    ("what the person added goes", "spotify/arrangement.py", "count.get(track_id, 0) + max(0, foreign)", "count.get(track_id, 0)", ARRANGEMENT),
    ("what the person removed comes back", "spotify/arrangement.py", "else min(aim[track_id], now[track_id])", "else aim[track_id]", ARRANGEMENT),
    ("sent tracks stay at a wrong place", "spotify/arrangement.py", "if now[token] != then.get(token)}", "if False}", "tests/unit/test_spotify_arrangement.py"),
    ("nobody asks for the length", "spotify/rearrange.py", "bool(plan.operations) and not work.is_undisturbed(sleep)", "False", MEANWHILE),
    ("a refused removal ends it", "spotify/rearrange.py", "                self.refused.update(track_ids)\n                return", "                raise", DEDUPE),
    ("a batch with a track that is gone is lost", "spotify/rearrange.py", "half = len(track_ids) // 2", "return", DEDUPE),
    ("what is sent is not saved", "care/rearrangement.py", "        on_sending=remember,\n", "", BREAK),
    ("interrupted work is forgotten", "care/rearrangement.py", "if begun is None or dry_run:", "if True:", BREAK),
    ("work never ends", "care/rearrangement.py", "        ledger.rearrangements.end(playlist_id)\n", "        pass\n", DEDUPE),
    ("any length is the same", "care/duplicates.py", "abs(own - other) <= SAME_LENGTH_MS", "True", DUPLICATES),
    ("the duplicate of a duplicate stays", "care/duplicates.py", "first = equal[0] if equal is not None else position", "first = position", DUPLICATES),
    ("entries without an id are compared", "care/duplicates.py", "        if row.track_id is None:\n            continue", "        if False:\n            continue", DUPLICATES),
    ("every length is asked for", "care/duplicates.py", "if len(ids) > 1 and len(isrcs) > 1:", "if True:", DUPLICATES),
    ("unchanged playlists are read", "care/refresh_history.py", "if state.is_unchanged(playlist):\n            return", "if False:\n            return", CARE),
    ("what no app may read stops the others", "care/playlist_backups.py", "if error.status not in (403, 404):", "if True:", CARE),
    ("another's playlist counts as history", "care/playlist_backups.py", "is_own = playlist.owner_id == account_id", "is_own = True", CARE),
    ("the source counts in digging", "care/accumulate.py", "except_for=[source.playlist_id]", "except_for=[]", CARE),
    ("a named playlist is overwritten", "care/restore.py", "if begun is None and opened.content.ids !=", "if False and opened.content.ids !=", CARE),
    ("the newest backup is restored", "care/restore.py", "if backup.taken_at <= at]", "]", CARE),
    ("the last backup goes", "ledger/retention.py", "return {*last_of.values(), len(times) - 1} if times else set()", "return set(list(last_of.values())[:-1])", EXACT),
    ("changes of dropped backups are lost", "ledger/retention.py", "merged = _changes(connection, [*numbers, successor.backup])", "merged = _changes(connection, [successor.backup])", EXACT),
    ("what is not archived is thinned", "ledger/retention.py", "if gone and (archived_to is None or backup.backup <= archived_to):", "if gone:", f"{RETENTION}::test_what_is_not_archived_yet_stays"),
    ("thinned states are not compared", "ledger/drill.py", "if other != items:", "if False:", f"{RETENTION}::test_a_state_that_differs_from_the_archives_is_found"),
    ("a thinned row is damaged", "ledger/check.py", "if file.first > thinned and digest", "if digest", RETAINED),
    ("what a killed up started stays", "../cli/up_processes.py", '_end_with_parent if sys.platform == "linux" else None', "None", UP),
    ("an imported row by some artists is ignored", "sync/candidates.py", "known.recordings | shortened", "known.recordings", COMPLETE),
    ("our own rows count by some artists too", "ledger/history.py", ' if name == "imported" else found', " if False else found", COMPLETE),
    ("a known track is looked up", "sync/complete_history.py", "one.track_id not in known.track_ids and ", "", COMPLETE),
    ("a completed row is completed again", "sync/complete_history.py", " if track_id not in titled}", "}", COMPLETE),
    ("the oldest rows come first", "sync/complete_history.py", "key=lambda row: row.added_at, reverse=True", "key=lambda row: row.added_at", COMPLETE),
    ("look-ups have no limit", "sync/complete_history.py", "if used >= LOOKUPS_A_DAY:", "if False:", COMPLETE),
    ("a track that is gone is asked for again", "sync/complete_history.py", 'f"{row.recording}{GONE}"', "row.recording", COMPLETE),
    ("runners-up complete nothing", "sync/complete_history.py", " | _from_searches(rows, new.values())", "", COMPLETE),
    ("decisions complete nothing", "sync/complete_history.py", "matches.that_took(list(rows.keys()))", "matches.that_took([])", COMPLETE),
    ("a read completes nothing", "sync/playlist_state.py", "                self._complete(chunk)\n", "", COMPLETE),
    ("a mix is read as an artist's title", "ledger/import_script_history.py", "after_title if _VERSION.fullmatch(after_dash) else before_title + after_title", "before_title", IMPORT),
    ("a text with two readings counts twice", "ledger/import_script_history.py", "(row.track_id, row.recording) not in further for row in new", "True for row in new", IMPORT),
    ("a playlist's first name counts", "ledger/import_script_history.py", "added_at >= before.last_added", "added_at <= before.last_added", IMPORT),
    ("an unreadable value leaves the earlier one", "old_script/config.py", "line: int) -> None:\n        self.values.pop(name, None)", "line: int) -> None:", CONFIG),
    ("a conditional value is believed", "old_script/config.py", "if name in replaced:", "if False:", CONFIG),
    ("functions change settings", "old_script/config.py", "if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):", "if False:", CONFIG),
    ("a format is ignored", "old_script/config.py", "part.conversion != -1 or part.format_spec is not None", "False", CONFIG),
    ("charts get a daily playlist", "old_script/settings.py", 'if config.daily and "daily" not in one.names:', "if False:", MOVED),
    ("a known slug gets another id", "old_script/settings.py", 'slug if slug and slug not in genres else f"genre-{genre_id}"', "slug", MOVED),
    ("one list is written twice", "old_script/settings.py", " or found.genre_id in known", "", MOVED),
    ("the largest playlist is adopted", "old_script/adoption.py", "if written[one.playlist_id] == latest]", "if one.total == max(two.total for two in found)]", LOOK_ALIKES),
    ("a renamed playlist is not found", "old_script/adoption.py", " or (one.playlist_id in history and fits(history[one.playlist_id].name))", "", LOOK_ALIKES),
    ("a weekly playlist is adopted", "old_script/adoption.py", "if moved[0].dated:", "if False:", LOOK_ALIKES),
    ("a bare genre's name looks alike", "look_alikes.py", "if not frame or ", "if ", LOOK_ALIKES),
    ("kinds look alike", "look_alikes.py", 'in _KINDS), "collect") != kind', 'in _KINDS), "collect") == "none"', LOOK_ALIKES),
    ("a chart's playlist is taken for a genre's", "look_alikes.py", "if isinstance(genre, Subscription):", "if False:", LOOK_ALIKES),
    ("former names are forgotten", "look_alikes.py", ", *FORMER_NAMES.get(genre.genre_id, ())", "", LOOK_ALIKES),
    ("another list's playlist looks alike", "sync/refuse_look_alike.py", " if playlist.playlist_id not in taken]", "]", ADOPT),
    ("a fifth of the chart is enough", "sync/refuse_look_alike.py", "SHARE_KNOWN = 0.3", "SHARE_KNOWN = 0.15", ADOPT),
    ("what a dry run would not add waits", "sync/outcome.py", "set() if dry_run else never_had", "never_had", KINDS_OF_PLAYLIST),
    ("another list's playlist is adopted", "sync/adopt.py", "if number not in (None, playlist_number(genre, kind)):", "if False:", ADOPT),
    ("somebody else's playlist is adopted", "sync/adopt.py", "if playlist.owner_id != workspace.account_id:", "if False:", ADOPT),
)  # fmt: skip


def survivors(word: str) -> list[str]:
    """Names of the mistakes that no test notices, each printed when it is tried."""
    found = []
    with tempfile.TemporaryDirectory(prefix="beatporter-mutants-") as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(".git", ".venv", ".*_cache", ".hypothesis", ".beatporter", "__pycache__"))
        for name, file, there, mistake, tests in MUTANTS:
            if word not in f"{name} {file}":
                continue
            path = tree / "beatporter" / file
            text = path.read_text()
            if there not in text:
                raise SystemExit(f"{name}: {file} does not hold {there!r} any more")
            path.write_text(text.replace(there, mistake, 1))
            command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests.split()]
            noticed = not _passes(command, tree)
            path.write_text(text)
            print(f"{'killed  ' if noticed else 'SURVIVED'}  {file}: {name}", flush=True)
            if not noticed:
                found.append(name)
    return found


def _passes(command: list[str], tree: Path) -> bool:
    """Whether the tests pass within ten minutes; a mistake may make them wait for ever."""
    try:
        return subprocess.run(command, cwd=tree, capture_output=True, check=False, timeout=600).returncode == 0
    except subprocess.TimeoutExpired:
        return False


if __name__ == "__main__":
    left = survivors(sys.argv[1] if len(sys.argv) > 1 else "")
    print(f"{len(left)} survived" if left else "All were killed.")
    sys.exit(1 if left else 0)
