// What the picture cannot show at this size, in one line under it.

import { filled } from '../shared/dom.js';
import { seenCells } from './view.js';

// crowd: how many cells the fullest dot stands for.
export function notes({ table, view, step }, crowd, words) {
  const [rows, columns] = table.size;
  const every = Math.max(table.rows.labels ? step.rows : 1, table.columns.labels ? step.columns : 1);
  const told = [];
  if (view.rows.span < rows || view.columns.span < columns) {
    const [top, bottom] = seenCells(view.rows, rows);
    const [left, right] = seenCells(view.columns, columns);
    told.push(filled(table.shape === 'strips' ? words.zoomed_strips : words.zoomed, { top, bottom: bottom - 1, left, right: right - 1, n: columns }));
  }
  if (crowd > 1) told.push(filled(words.pooled, { n: crowd }));
  if (every > 1) told.push(every === 2 ? words.named_second : filled(words.named, { step: every }));
  return told.join(' ');
}
