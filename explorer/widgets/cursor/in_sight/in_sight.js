import { follow } from '../../shared/dom.js';

export default function mount({ element, props, trigger, tab, events }) {
  let last = { ...props.value };

  follow(element, 'cursor-moved', ({ detail: now }) => {
    if (tab && now.tab !== tab) return;
    const moved = Object.keys(events).filter((part) => now[part] !== last[part]);
    last = now;
    props.value = { ...now };
    (moved.includes('run') ? ['run'] : moved).forEach((part) => trigger(events[part]));
  });
}
