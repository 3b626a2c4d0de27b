import { afterPainting, finder, follow, put, tell } from '../shared/dom.js';
import { markStale } from '../shared/stale.js';

const PARTS = ['run', 'token', 'layer', 'head'];
const SLOW_MS = 600; // an answer that takes longer leaves the old picture under a new cursor: then it is marked

export default function mount({ element, props, trigger, watch, tab, figures, working, first }) {
  const line = finder(element)('sight');
  const names = Object.keys(figures);
  let at = { run: '' };
  let shown = {};
  let slow;
  const due = new Set(); // figures that wait for an answer

  const mark = (name, why) => markStale(figures[name].ids, why);
  const isConcerned = (name, moved) => moved.includes('run') || figures[name].follow.some((part) => moved.includes(part));

  const move = (now) => {
    if (!now.run || (tab && now.tab !== tab)) return;
    const moved = PARTS.filter((part) => now[part] !== at[part]);
    if (!moved.length) return;
    at = Object.fromEntries(PARTS.map((part) => [part, now[part]]));
    props.value = { ...at, shown };
    const concerned = names.filter((name) => isConcerned(name, moved));
    if (concerned.length) {
      concerned.forEach((name) => due.add(name));
      clearTimeout(slow);
      slow = setTimeout(() => due.forEach((name) => mark(name, name in shown ? working : first)), SLOW_MS);
    }
    const handOver = () => {
      props.value = { ...at, shown }; // Gradio may have put the first value back while the tab was being opened
    };
    afterPainting(() => {
      handOver();
      if (concerned.length) trigger('submit');
      handOver();
      if (moved.includes('run')) trigger('edit');
      handOver();
      trigger('select');
    });
  };

  watch('value', () => {
    const { run, current, failed } = props.value || {};
    if (!current) return;
    const moved = PARTS.filter((part) => props.value[part] !== at[part]); // since that was asked: another answer is on its way
    if (!moved.length) {
      clearTimeout(slow);
      due.clear();
    }
    shown = { ...shown, ...current };
    for (const name of names) {
      if (name in failed) mark(name, failed[name]);
      else if (name in current && !isConcerned(name, moved)) mark(name, '');
    }
    put(line, [...new Set(Object.values(failed))].map((sentence) => `⚠ ${sentence}`).join(' '));
    props.value = { ...at, shown };
    if (!run && at.run) trigger('submit'); // asked before the page knew what it shows
  });

  follow(element, 'cursor-moved', ({ detail }) => move(detail));
  tell('cursor-asked'); // where it has been since before this tab was first opened
}
