let last = { ...props.value };

const follow = ({ detail: now }) => {
  if (!element.isConnected) document.removeEventListener('cursor-moved', follow);
  if (tab && now.tab !== tab) return;
  const moved = Object.keys(events).filter((part) => now[part] !== last[part]);
  last = now;
  props.value = { ...now };
  (moved.includes('run') ? ['run'] : moved).forEach((part) => trigger(events[part]));
};
document.addEventListener('cursor-moved', follow);
