// The side of the page: why, progress, statistics, marks, other readings, signature. Text is only ever set as text.

import { isScorable } from './state.js';

export function element(tag, text = '', more = {}) {
  const made = document.createElement(tag);
  made.textContent = text;
  return Object.assign(made, more);
}

export const body = (id) => document.querySelector(`#${id} > div`);
export const number = (value, digits = 1) => (value === null || value === undefined ? '–' : value.toFixed(digits));

function table(pairs) {
  const made = element('table');
  for (const [name, value] of pairs) {
    const row = element('tr');
    row.append(element('td', name), element('td', value));
    made.append(row);
  }
  return made;
}

export function showWhy(epoch, results, details, stage, rules) {
  const parts = [];
  const row = results?.probabilities?.[epoch - 1];
  const answer = results?.stages[epoch - 1];
  if (results) parts.push(element('p', `Model: ${answer === '?' ? 'not staged' : answer}${answer === stage ? '' : `, now ${stage}`}`));
  if (row) parts.push(table(results.columns.map((label, k) => [label, `${(100 * row[k]).toFixed(1)} %`])));
  const why = results?.rationales?.[epoch];
  if (why) {
    parts.push(element('p', why.text));
    parts.push(checkedClaims(why.claims));
  } else if (results && answer !== '?') parts.push(element('p', 'The model gave no reasons for this epoch.', { className: 'quiet' }));
  const found = details?.[epoch - 1]?.found;
  if (found?.rules.length) {
    const list = element('ul');
    for (const id of found.rules) list.append(element('li', rules[id] ? `${id}: ${rules[id]}` : id));
    parts.push(element('p', 'Rules met by what was measured:'), list);
  }
  const doubtful = results?.quality?.stretches.filter((one) => one.first_epoch <= epoch && epoch <= one.last_epoch) ?? [];
  if (doubtful.length) parts.push(element('p', `Signal: ${doubtful.map((one) => `${one.channel} ${one.level} (${one.kind.replace('-', ' ')})`).join(', ')}`));
  const flag = results?.review.flags.find((one) => one.epoch === epoch);
  if (flag) parts.push(element('p', `Flagged: ${flag.reasons.join('; ')}`));
  body('why').replaceChildren(...parts);
}

const CLAIM_WORDS = { k_complex: 'K-complex', band_time: 'dominant band, share of time', amplitude: 'amplitude' };
const VERDICTS = { confirmed: '✓', contradicted: '✗', not_measurable: '?' };

// The claims behind the words, folded away while the signal contradicts none of them. Claims about rules and the stage
// are conclusions: nothing in the signal measures them.
function checkedClaims(claims) {
  const measurable = claims.filter((one) => !['rule', 'stage'].includes(one.kind));
  const list = element('ul');
  for (const claim of measurable) list.append(element('li', `${VERDICTS[claim.verdict] ?? ''} ${claimWords(claim)}`, { className: claim.verdict }));
  const confirmed = measurable.filter((one) => one.verdict === 'confirmed').length;
  const folded = element('details', '', { open: measurable.some((one) => one.verdict === 'contradicted') });
  folded.append(element('summary', `Claims checked: ${confirmed} of ${measurable.length} hold`), list);
  return folded;
}

function claimWords(claim) {
  const unit = (claim.unit ?? '').replace('uV', 'µV');
  const isWhole = claim.start_s === null || claim.start_s <= 0 && claim.end_s >= 30;
  const span = isWhole ? '' : `, ${number(claim.start_s)}–${number(claim.end_s)} s`;
  const value = claim.value === null ? '' : ` ${claim.value} ${unit}`;
  const measured = claim.measured === null ? ''
    : claim.negated ? (claim.measured === 0 ? ': none found' : `: ${number(claim.measured, 0)} found`)
    : claim.value === null ? '' : `: measured ${number(claim.measured, Number.isInteger(claim.value) ? 0 : 1)} ${unit}`;
  const unsure = claim.verdict === 'not_measurable' ? ': not measurable' : '';
  return `${claim.negated ? 'no ' : ''}${CLAIM_WORDS[claim.kind] ?? claim.kind.replaceAll('_', ' ')}${value}${span}${unsure || measured}`;
}

// How far the review is, in one line.
export function progressWords({ reviewed, to_review: listed, expected_wrong: wrong }) {
  const left = wrong === null ? '' : `; ${(100 * wrong).toFixed(1)} % expected wrong`;
  return listed ? `${reviewed} of ${listed} to review seen${left}` : '';
}

export function showProgress(progress, count) {
  const isKnown = progress.expected_wrong !== null;
  const pairs = [['All epochs, seen', `${progress.checked} of ${count}`]];
  if (progress.to_review) pairs.unshift(['Listed for review, seen', `${progress.reviewed} of ${progress.to_review}`]);
  if (isKnown) pairs.push(['Stages likely still wrong', `${(100 * progress.expected_wrong).toFixed(1)} %`]);
  const parts = [table(pairs)];
  if (!isKnown) parts.push(element('p', `Stages likely still wrong: ${progress.basis}`, { className: 'quiet' })); // a sentence, too long for a table
  body('progress').replaceChildren(...parts);
}

const STATISTICS = [
  ['Time in bed', 'tib_min', 'min'], ['Total sleep time', 'tst_min', 'min'], ['Sleep efficiency', 'sleep_efficiency_pct', '%'],
  ['Sleep onset latency', 'sol_min', 'min'], ['REM latency', 'rem_latency_min', 'min'], ['Wake after sleep onset', 'waso_min', 'min'],
  ['N1, of sleep', 'n1_pct', '%'], ['N2, of sleep', 'n2_pct', '%'], ['N3, of sleep', 'n3_pct', '%'], ['R, of sleep', 'r_pct', '%'], ['Unscored', 'unscored_min', 'min'],
];

export function showStatistics(counted) {
  if (counted.error) { body('statistics').replaceChildren(element('p', counted.error)); return; }
  const pairs = STATISTICS.map(([name, key, unit]) => [name, `${number(counted.statistics[key])} ${unit}`]);
  body('statistics').replaceChildren(table(pairs), element('p', `Counted: ${counted.basis}`, { className: 'quiet' }));
}

export function showSignature(state, { count, night }) {
  const signature = state.signature;
  if (!signature) {
    const open = unfinished(state, count);
    body('signing').replaceChildren(
      element('p', `Version ${state.version}, not signed`),
      ...(open.length ? [element('p', `Before you sign: ${open.join('; ')}.`, { className: 'open' })] : []),
    );
    return;
  }
  const report = element('a', 'Save or print the report', { href: `/api/nights/${night}/report`, download: '' });
  body('signing').replaceChildren(
    element('p', `Version ${signature.version}, signed by ${signature.who}, ${signature.when.slice(0, 16).replace('T', ' ')}: ${signature.statement}`),
    ...(state.outputs ? [report] : []),
    element('p', state.outputs ? `Files: ${state.pdf ? 'report.signed.pdf' : 'report.signed.html'}, hypnogram.signed.*, audit.jsonl` : 'The signed files could not be written.', { className: 'quiet' }),
    ...(state.outputs && !state.pdf && state.not_printed ? [element('p', state.not_printed, { className: 'quiet' })] : []),
  );
}

// What a signature would leave open.
function unfinished(state, count) {
  const { reviewed, to_review: listed, checked } = state.progress;
  const unscored = state.stages.filter((stage, k) => stage === '?' && isScorable(k + 1)).length;
  const epochs = (n) => `${n} ${n === 1 ? 'epoch' : 'epochs'}`;
  return [
    unscored ? `${epochs(unscored)} unscored (key v)` : '',
    reviewed < listed ? `${epochs(listed - reviewed)} listed for review not seen (key n)` : '',
    !listed && checked < count ? `${epochs(count - checked)} not seen` : '',
    state.lights ? '' : 'lights off and on are not set',
  ].filter(Boolean);
}
