// From epoch to epoch, page to page, and to longer and shorter pages.

import { LENGTHS, at, count, length, page, say } from './state.js';
import { draw } from './view.js';
import { load } from './signal_pages.js';
import { see } from './changes.js';

export function go(epoch, { select = false } = {}) {
  const to = Math.min(count(), Math.max(1, epoch));
  if (select) page.last = Math.max(page.epoch, to);
  else page.epoch = page.last = to;
  page.selection = null;
  const from = 30 * (page.epoch - 1);
  const inside = from >= page.start && from + Math.min(30, length()) <= page.start + length();
  if (!inside || length() <= 30) page.start = Math.max(0, Math.min(length() <= 30 ? from : Math.floor(from / length()) * length(), page.info.duration_s - 1));
  history.replaceState(null, '', `#epoch=${page.epoch}`);
  draw();
  load();
  see();
}

export function turn(direction) {
  const start = Math.min(Math.max(0, page.start + direction * length()), Math.max(0, page.info.duration_s - 1));
  page.start = length() >= 30 ? Math.floor(start / 30) * 30 : start;
  page.epoch = page.last = Math.min(count(), Math.floor(page.start / 30) + 1);
  page.selection = null;
  draw();
  load();
  see();
}

export function jump(epochs, direction = 1) {
  const sorted = [...epochs].sort((a, b) => a - b);
  const next = direction > 0 ? sorted.find((one) => one > page.epoch) : sorted.reverse().find((one) => one < page.epoch);
  if (next) go(next); else say('There is no further one.');
}

export function resize(step) {
  const place = Math.min(LENGTHS.length - 1, Math.max(0, LENGTHS.indexOf(page.seconds) + step));
  page.seconds = LENGTHS[place];
  at('page-length').value = String(page.seconds);
  page.start = page.seconds === Infinity ? 0 : Math.floor(30 * (page.epoch - 1) / Math.max(30, page.seconds)) * Math.max(30, page.seconds);
  load();
}
