// The list of rows: order, sensitivity, polarity, filters, hiding; a row of one signal against another.

import { element } from './panels.js';

// A field below its name.
function named(words, field) {
  const label = element('label', words, { className: 'quiet' });
  label.append(field);
  return label;
}

export function showMontage(rows, signals, changed) {
  const list = document.querySelector('#montage > div');
  list.replaceChildren();
  for (const [place, row] of rows.entries()) {
    const line = element('div', '', { className: 'row' });
    const shown = element('input', '', { type: 'checkbox', checked: !row.hidden, ariaLabel: `show ${row.name}` });
    shown.onchange = () => { row.hidden = !shown.checked; changed(); };
    const scale = element('input', '', { type: 'number', value: row.sensitivity, min: 0.01, step: 'any', ariaLabel: `per 10 px: ${row.name}` });
    scale.onchange = () => { if (scale.value > 0) { row.sensitivity = Number(scale.value); changed(); } };
    const up = element('button', '↑', { type: 'button', ariaLabel: `move ${row.name} up`, title: 'Move this row up', disabled: place === 0 });
    up.onclick = () => { rows.splice(place - 1, 0, ...rows.splice(place, 1)); showMontage(rows, signals, changed); changed(); };
    const flip = element('button', row.negative_up ? 'neg. up' : 'pos. up', { type: 'button', title: 'Turn this row over' });
    flip.setAttribute('aria-label', `${row.negative_up ? 'neg. up' : 'pos. up'}: polarity of ${row.name}`);
    flip.onclick = () => { row.negative_up = !row.negative_up; showMontage(rows, signals, changed); changed(); };
    const tint = element('input', '', { type: 'color', value: row.colour || '#808080', ariaLabel: `colour of ${row.name}`, title: 'Colour' });
    tint.onchange = () => { row.colour = tint.value; changed(); };
    line.append(shown, element('span', row.name), tint, flip, up);
    const figures = element('div', '', { className: 'figures' });
    figures.append(named('per 10 px', scale));
    for (const [name, words] of [['low', 'from Hz'], ['high', 'to Hz'], ['notch', 'notch Hz']]) {
      const field = element('input', '', { type: 'number', value: row[name] ?? '', min: 0, step: 'any', placeholder: '–', ariaLabel: `${words}: ${row.name}` });
      field.onchange = () => { row[name] = field.value === '' ? null : Number(field.value); changed(); };
      figures.append(named(words, field));
    }
    list.append(line, figures);
  }
  for (const id of ['plus', 'minus']) {
    document.getElementById(id).replaceChildren(...signals.map((one) => new Option(one.label, one.label)));
  }
}
