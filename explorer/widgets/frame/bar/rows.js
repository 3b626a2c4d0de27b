// The rows of a figure, only when somebody wants them: from the figure's own script where it has them, from the bar where they came with
// the title, else from the server.
// The two widgets of a frame tell each other by events on its root: `rows-asked` { open, rows, fresh } and `rows-came` { columns, rows }.
import { filled } from '../../shared/dom.js';
import { csv, offerText } from '../../shared/saving.js';

const PATIENCE_MS = 30_000;

// Returns { toggle, save, redrawn }: for the button Table, for the button CSV, and for after each change of the figure.
export function tableOnDemand({ root, body, props, trigger, words, name, told, fromServer }) {
  let open = false;
  let waiting; // a CSV whose rows are on their way

  const own = () => {
    if (fromServer) return undefined;
    const holder = [...body.querySelectorAll('*')].find((one) => typeof one.figureTable === 'function');
    if (holder) return holder.figureTable();
    return props.value?.rows ? JSON.parse(props.value.rows) : undefined;
  };
  const tell = (detail) => root.dispatchEvent(new CustomEvent('rows-asked', { detail: { open, ...detail } }));
  const wants = (asking) => {
    props.value = { ...props.value, open: asking };
  };
  const ask = () => {
    wants(true);
    tell({ fresh: true });
    trigger('ask');
  };
  const offerRows = ({ columns, rows }) => {
    offerText(`${name}.csv`, 'text/csv', `\ufeff${csv([columns, ...rows])}`);
    told(filled(words.saved, { file: `${name}.csv` }));
  };

  function toggle(pressed) {
    open = !open;
    pressed.setAttribute('aria-expanded', String(open));
    const rows = open && own();
    if (rows || !open) tell({ rows });
    if (!open && !waiting) wants(false);
    if (open && !rows) ask();
  }

  function save() {
    const rows = own();
    if (rows) return offerRows(rows);
    clearTimeout(waiting);
    waiting = setTimeout(() => came(null), PATIENCE_MS);
    told(words.waiting);
    return ask();
  }

  function came(rows) {
    if (!waiting) return;
    clearTimeout(waiting);
    waiting = undefined;
    if (rows) offerRows(rows);
    else told(words.did_not_come);
    if (!open) wants(false);
  }

  function redrawn() {
    if (!open) return;
    const rows = own();
    if (rows) tell({ rows });
    else if (!props.value?.open) wants(true); // the server's new title has no word of it
  }

  root.addEventListener('rows-came', ({ detail }) => came(detail));
  root.addEventListener('figure-drawn', redrawn);
  return { toggle, save, redrawn };
}
