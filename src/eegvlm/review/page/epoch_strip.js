// The epochs of the page, above its signals: stage, number, which of them the next key scores, and where the recording ends.

import { drawingScale, fit, ink, LEFT, RIGHT } from './drawing.js';
import { otherStage } from './comparison.js';
import { isIncomplete, length, page } from './state.js';
import { SHADES } from './navigator.js';

const HATCH = 12; // pixels between two lines
const LONGEST_S = 600; // on longer pages an epoch is too narrow for its stage

export const secondsOf = (epoch) => Math.round(page.info.duration_s - 30 * (epoch - 1));

export function drawEpochs(canvas, clock) {
  const { pen, width, height } = fit(canvas);
  const x = placeOf(width);
  pen.font = '10px system-ui, sans-serif';
  pen.fillStyle = ink(canvas, '--quiet');
  pen.fillText(length() > LONGEST_S ? '' : 'Epoch', 4, height - 5);
  for (const epoch of epochsOnPage()) {
    const [from, to] = [Math.max(LEFT, x(30 * (epoch - 1))), Math.min(width - RIGHT, x(30 * epoch))];
    const [stage, isNext] = [page.state.stages[epoch - 1], page.epoch <= epoch && epoch <= page.last];
    pen.fillStyle = ink(canvas, isNext ? '--chosen' : '--paper');
    pen.fillRect(from, 0, to - from, height);
    pen.fillStyle = ink(canvas, SHADES[stage]);
    pen.fillRect(from + 1, height - 3, to - from - 2, 3);
    pen.font = `${isNext ? 'bold ' : ''}12px system-ui, sans-serif`;
    const short = isIncomplete(epoch) ? `incomplete, ${secondsOf(epoch)} of 30 s` : '';
    const differs = page.compared?.differing.includes(epoch);
    const other = differs ? `${page.compared.name}: ${otherStage(epoch)}` : '';
    if (isIncomplete(epoch)) hatch(pen, from, Math.min(to, x(page.info.duration_s)), height, ink(canvas, '--line'));
    pen.fillStyle = ink(canvas, differs ? '--alarm' : '--ink');
    const words = [[epoch, stage, other, clock(30 * (epoch - 1)), short], [epoch, stage, other, short], [epoch, stage, short && 'incomplete'], [epoch, stage], [stage]]
      .map((parts) => parts.filter(Boolean).join('   ')).find((one) => pen.measureText(one).width < to - from - 6);
    if (words) pen.fillText(words, from + 4, height - 6);
  }
}

// The same behind the signals, on pages of several epochs; and nothing but grey where the recording has ended.
export function shadeEpochs(canvas) {
  const scale = drawingScale();
  const [width, height] = [canvas.clientWidth / scale, canvas.clientHeight / scale];
  const pen = canvas.getContext('2d');
  const x = placeOf(width);
  const fill = (from, to, name) => {
    const [left, right] = [Math.max(LEFT, x(from)), Math.min(width - RIGHT, x(to))];
    if (left >= right) return;
    pen.fillStyle = ink(canvas, name);
    pen.fillRect(left, 0, right - left, height);
  };
  pen.globalCompositeOperation = 'destination-over';
  fill(page.info.duration_s, page.start + length(), '--ended');
  const last = page.state.stages.length;
  if (isIncomplete(last)) {
    const [left, right] = [Math.max(LEFT, x(30 * (last - 1))), Math.min(width - RIGHT, x(page.info.duration_s))];
    hatch(pen, left, right, height, ink(canvas, '--line'));
  }
  pen.globalAlpha = 0.45;
  if (length() > 30) fill(30 * (page.epoch - 1), 30 * page.last, '--chosen');
  pen.globalAlpha = 1;
  pen.globalCompositeOperation = 'source-over';
}

// What gets no stage: the epoch that the recording cuts short.
function hatch(pen, left, right, height, colour) {
  if (left >= right) return;
  pen.save();
  pen.beginPath();
  pen.rect(left, 0, right - left, height);
  pen.clip();
  pen.beginPath();
  for (let x = left - height; x < right; x += HATCH) { pen.moveTo(x, height); pen.lineTo(x + height, 0); }
  pen.strokeStyle = colour;
  pen.lineWidth = 1;
  pen.stroke();
  pen.restore();
}

function epochsOnPage() {
  if (length() > LONGEST_S) return [];
  const first = Math.floor(page.start / 30) + 1;
  const last = Math.min(page.state.stages.length, Math.ceil((page.start + length()) / 30));
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, k) => first + k);
}

const placeOf = (width) => (seconds) => LEFT + (seconds - page.start) / length() * (width - LEFT - RIGHT);
