// From epoch to epoch, page to page, and to longer and shorter pages.

import { LENGTHS, at, count, endNote, epochAtSecond, length, note, page } from './state.js';
import { draw } from './view.js';
import { load } from './signal_pages.js';
import { see } from './changes.js';

export function go(epoch, { select = false } = {}) {
  const to = Math.min(count(), Math.max(1, epoch));
  page.start = unzoom();
  endNote();
  // with `select` the epoch in which the selection began stays in it
  if (select) {
    page.anchor ??= page.epoch;
    [page.epoch, page.last] = [Math.min(page.anchor, to), Math.max(page.anchor, to)];
  } else {
    page.anchor = null;
    page.epoch = page.last = to;
  }
  page.head = to; // the end of the selection that moves
  page.selection = null;
  turnTo(to);
  history.replaceState(null, '', `#epoch=${page.epoch}`);
  draw();
  load();
  see();
}

// Turns to the page of an epoch, where it is not there in full.
function turnTo(epoch) {
  const from = 30 * (epoch - 1);
  const inside = from >= page.start && from + Math.min(30, length()) <= page.start + length();
  if (!inside || length() <= 30) page.start = Math.max(0, Math.min(length() <= 30 ? from : Math.floor(from / length()) * length(), page.info.duration_s - 1));
}

export function turn(direction) {
  endNote();
  const start = Math.min(Math.max(0, page.start + direction * length()), Math.max(0, page.info.duration_s - 1));
  page.start = length() >= 30 ? Math.floor(start / 30) * 30 : start;
  page.anchor = null;
  page.epoch = page.last = page.head = Math.min(count(), epochAtSecond(page.start));
  page.selection = null;
  draw();
  load();
  see();
}

// To the next of some epochs; `wraps` goes on at the other end of the night, and says so.
export function jump(epochs, { direction = 1, wraps = false, none = 'There is no further one.' } = {}) {
  const sorted = [...epochs].sort((a, b) => direction * (a - b));
  const next = sorted.find((one) => direction * (one - page.epoch) > 0);
  const first = wraps ? sorted.find((one) => one !== page.epoch) : undefined;
  if (next === undefined && first === undefined) { note(none); return; }
  go(next ?? first);
  if (next === undefined) note(direction > 0 ? 'Went on from the beginning of the night.' : 'Went on from the end of the night.');
}

export function resize(step) {
  page.start = unzoom();
  setLength(LENGTHS[Math.min(LENGTHS.length - 1, Math.max(0, LENGTHS.indexOf(page.seconds) + step))]);
}

export function setLength(seconds) {
  unzoom();
  page.seconds = seconds;
  at('page-length').value = String(page.seconds);
  page.start = page.seconds === Infinity ? 0 : Math.floor(30 * (page.epoch - 1) / Math.max(30, page.seconds)) * Math.max(30, page.seconds);
  draw();
  load();
  see();
}

// A page of nothing but what was selected, and back.
export function zoom() {
  if (page.zoomedFrom) {
    page.start = unzoom();
  } else if (page.selection && page.selection[1] > page.selection[0]) {
    page.zoomedFrom = { seconds: page.seconds, start: page.start };
    [page.start, page.seconds] = [page.selection[0], Math.max(0.5, page.selection[1] - page.selection[0])];
    page.epoch = page.last = page.head = Math.min(count(), epochAtSecond(page.start)); // the next key scores what is shown
    page.selection = null;
    at('page-length').append(new Option('zoomed', 'zoomed', false, true));
    note('Zoomed to what was selected; the same key goes back.');
  } else { note('Drag over the signals first: what you select is shown larger.'); return; }
  draw();
  load();
}

// Takes the length of the page from before; returns where that page began.
function unzoom() {
  if (!page.zoomedFrom) return page.start;
  const { seconds, start } = page.zoomedFrom;
  [page.seconds, page.zoomedFrom] = [seconds, null];
  at('page-length').querySelector('[value="zoomed"]')?.remove();
  at('page-length').value = String(seconds);
  return start;
}
