// The list of rows: order, sensitivity, polarity, filters, hiding; a row of one signal against another.

import { element } from './panels.js';

export function showMontage(rows, signals, changed) {
  const list = document.querySelector('#montage > div');
  list.replaceChildren();
  for (const [place, row] of rows.entries()) {
    const line = element('div', '', { className: 'row' });
    const shown = element('input', '', { type: 'checkbox', checked: !row.hidden, ariaLabel: `show ${row.name}` });
    shown.onchange = () => { row.hidden = !shown.checked; changed(); };
    const scale = element('input', '', { type: 'number', value: row.sensitivity, min: 0.01, step: 'any', ariaLabel: `sensitivity of ${row.name}`, title: 'per 10 pixels' });
    scale.onchange = () => { if (scale.value > 0) { row.sensitivity = Number(scale.value); changed(); } };
    const up = element('button', '↑', { type: 'button', ariaLabel: `move ${row.name} up`, disabled: place === 0 });
    up.onclick = () => { rows.splice(place - 1, 0, ...rows.splice(place, 1)); showMontage(rows, signals, changed); changed(); };
    const flip = element('button', row.negative_up ? '−↑' : '+↑', { type: 'button', ariaLabel: `polarity of ${row.name}` });
    flip.onclick = () => { row.negative_up = !row.negative_up; showMontage(rows, signals, changed); changed(); };
    line.append(shown, element('span', row.name), scale, flip, up);
    const filters = element('div', '', { className: 'row' });
    for (const name of ['low', 'high', 'notch']) {
      const field = element('input', '', { type: 'number', value: row[name] ?? '', min: 0, step: 'any', placeholder: `${name} Hz`, ariaLabel: `${name} of ${row.name} in Hz` });
      field.onchange = () => { row[name] = field.value === '' ? null : Number(field.value); changed(); };
      filters.append(field);
    }
    const tint = element('input', '', { type: 'color', value: row.colour || '#808080', ariaLabel: `colour of ${row.name}` });
    tint.onchange = () => { row.colour = tint.value; changed(); };
    filters.append(tint);
    list.append(line, filters);
  }
  for (const id of ['plus', 'minus']) {
    document.getElementById(id).replaceChildren(...signals.map((one) => new Option(one.label, one.label)));
  }
}
