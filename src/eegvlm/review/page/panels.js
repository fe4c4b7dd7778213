// The side of the page: why, progress, statistics, marks, other readings, signature. Text is only ever set as text.

export function element(tag, text = '', more = {}) {
  const made = document.createElement(tag);
  made.textContent = text;
  return Object.assign(made, more);
}

const body = (id) => document.querySelector(`#${id} > div`);
const number = (value, digits = 1) => (value === null || value === undefined ? '–' : value.toFixed(digits));

function table(pairs) {
  const made = element('table');
  for (const [name, value] of pairs) {
    const row = element('tr');
    row.append(element('td', name), element('td', value));
    made.append(row);
  }
  return made;
}

export function showWhy(epoch, results, details, stage) {
  const parts = [];
  const row = results?.probabilities?.[epoch - 1];
  if (results) parts.push(element('p', `Model: ${results.stages[epoch - 1]}${results.stages[epoch - 1] === stage ? '' : `, now ${stage}`}`));
  if (row) parts.push(table(results.columns.map((label, k) => [label, `${(100 * row[k]).toFixed(1)} %`])));
  const why = results?.rationales?.[epoch];
  if (why) {
    parts.push(element('p', why.text));
    const list = element('ul');
    for (const claim of why.claims) {
      const span = claim.start_s === null ? '' : ` ${number(claim.start_s)}–${number(claim.end_s)} s`;
      const value = claim.value === null ? '' : ` ${claim.value} ${claim.unit ?? ''}`;
      const measured = claim.measured === null ? '' : `, measured ${number(claim.measured, 2)}`;
      const mark = { confirmed: '✓', contradicted: '✗', not_measurable: '?' }[claim.verdict] ?? '';
      const text = `${mark} ${claim.negated ? 'no ' : ''}${claim.kind.replaceAll('_', ' ')}${value}${span}: ${claim.verdict.replace('_', ' ')}${measured}`;
      list.append(element('li', text, { className: claim.verdict }));
    }
    parts.push(list);
  } else if (results) parts.push(element('p', 'The model gave no reasons for this epoch.', { className: 'quiet' }));
  const found = details?.[epoch - 1]?.found;
  if (found?.rules.length) parts.push(element('p', `Rules met by what was measured: ${found.rules.join(', ')}`));
  const flag = results?.review.flags.find((one) => one.epoch === epoch);
  if (flag) parts.push(element('p', `Flagged: ${flag.reasons.join('; ')}`));
  body('why').replaceChildren(...parts);
}

// How far the review is, in one line.
export function progressWords({ reviewed, to_review: listed, expected_wrong: wrong }) {
  const left = wrong === null ? '' : `; ${(100 * wrong).toFixed(1)} % expected wrong`;
  return listed ? `${reviewed} of ${listed} to review seen${left}` : '';
}

export function showProgress(progress, count) {
  const wrong = progress.expected_wrong === null ? progress.basis : `${(100 * progress.expected_wrong).toFixed(1)} %`;
  body('progress').replaceChildren(table([
    ['Listed for review, seen', `${progress.reviewed} of ${progress.to_review}`],
    ['All epochs, seen', `${progress.checked} of ${count}`],
    ['Expected to be wrong still', wrong],
  ]));
}

const STATISTICS = [
  ['Time in bed', 'tib_min', 'min'], ['Total sleep time', 'tst_min', 'min'], ['Sleep efficiency', 'sleep_efficiency_pct', '%'],
  ['Sleep onset latency', 'sol_min', 'min'], ['REM latency', 'rem_latency_min', 'min'], ['Wake after sleep onset', 'waso_min', 'min'],
  ['N1', 'n1_pct', '%'], ['N2', 'n2_pct', '%'], ['N3', 'n3_pct', '%'], ['R', 'r_pct', '%'], ['Unscored', 'unscored_min', 'min'],
];

export function showStatistics(counted) {
  if (counted.error) { body('statistics').replaceChildren(element('p', counted.error)); return; }
  const pairs = STATISTICS.map(([name, key, unit]) => [name, `${number(counted.statistics[key])} ${unit}`]);
  body('statistics').replaceChildren(table(pairs), element('p', `Counted: ${counted.basis}`, { className: 'quiet' }));
}

export function showMarks(marks, remove) {
  const list = element('ul');
  for (const mark of marks) {
    const item = element('li', `${mark.kind.replace('_', '-')} ${number(mark.start_s)}–${number(mark.stop_s)} s ${mark.channel ?? ''} ${mark.text} `);
    item.append(element('button', 'Remove', { type: 'button', onclick: () => remove(mark.id) }));
    list.append(item);
  }
  body('marks').replaceChildren(list);
}

export function showComparison(compared) {
  if (!compared) { body('compare').replaceChildren(); return; }
  const figures = compared.agreement;
  const said = figures
    ? `${(100 * figures.accuracy).toFixed(1)} % of ${figures.n_compared} epochs agree, kappa ${number(figures.kappa, 2)}; ${compared.differing.length} differ (key d)`
    : 'No epoch is scored by both.';
  body('compare').replaceChildren(element('p', said));
}

export function showSignature(state) {
  const signature = state.signature;
  if (!signature) { body('signing').replaceChildren(element('p', `Version ${state.version}, not signed`)); return; }
  body('signing').replaceChildren(
    element('p', `Version ${signature.version}, signed by ${signature.who}, ${signature.when}: ${signature.statement}`),
    element('p', state.outputs ? `Files: ${state.pdf ? 'report.signed.pdf' : 'report.signed.html'}, hypnogram.signed.*, audit.jsonl` : 'The signed files could not be written.', { className: 'quiet' }),
    ...(state.outputs && !state.pdf && state.not_printed ? [element('p', state.not_printed, { className: 'quiet' })] : []),
  );
}
