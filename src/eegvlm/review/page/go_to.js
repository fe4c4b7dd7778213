// Going to an epoch by its number, or to a clock time.

import { count, note, page } from './state.js';
import { go } from './moving.js';

const DAY_S = 86400;
const secondsOf = ([hours, minutes, seconds = 0]) => 3600 * Number(hours) + 60 * Number(minutes) + Number(seconds);

// The epoch that was meant; null where there is none. A clock time is the first one after the recording's start.
export function epochOf(words, nEpochs, start) {
  const typed = words.trim();
  if (/^\d+$/.test(typed)) return Number(typed) >= 1 && Number(typed) <= nEpochs ? Number(typed) : null;
  const time = /^(\d{1,2}):([0-5]\d)(?::([0-5]\d))?$/.exec(typed);
  const first = /T(\d{2}):(\d{2}):(\d{2})/.exec(start ?? '');
  if (!time || !first || Number(time[1]) > 23) return null;
  const seconds = (secondsOf(time.slice(1)) - secondsOf(first.slice(1)) + DAY_S) % DAY_S;
  return seconds < 30 * nEpochs ? Math.floor(seconds / 30) + 1 : null;
}

export function goTo(words) {
  const epoch = epochOf(words, count(), page.info.start);
  if (epoch) go(epoch);
  else note(`${words.trim() || 'Nothing'} is neither an epoch from 1 to ${count()} nor a time of this night.`);
}
