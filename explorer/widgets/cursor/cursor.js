const events = { token: 'select', layer: 'input', head: 'edit' }; // as in moved(), __init__.py
let last = { ...props.value };

watch('value', () => {
  const now = { ...props.value };
  const moved = Object.keys(events).filter((part) => now[part] !== last[part]);
  const reread = now.run !== last.run;
  last = now;
  if (reread) trigger('submit');
  else moved.forEach((part) => trigger(events[part]));
});
