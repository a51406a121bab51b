/** How each signal is caused by hand in this shop. */
export interface Way {
  signal: string;
  /** Where. */
  page: string;
  mouse?: string;
  touch?: string;
}

const CAN = '/product?p=can';

export const WAYS: readonly Way[] = [
  { signal: 'rage_press', page: CAN, mouse: 'Click “Apply voucher” four times, fast.', touch: 'Tap it four times, fast.' },
  { signal: 'responsive_multi_press', page: CAN, mouse: 'Click “+” six times, fast.', touch: 'Tap it six times, fast.' },
  { signal: 'dead_press', page: CAN, mouse: 'Click “Apply voucher” once and wait.', touch: 'Tap it once and wait.' },
  { signal: 'slow_press', page: CAN, mouse: 'Click “Check delivery date”.', touch: 'Tap it.' },
  { signal: 'slow_page', page: '/atlas', mouse: 'Open the long catalogue and wait.', touch: 'The same.' },
  { signal: 'retry_press', page: CAN, mouse: 'Click “Apply voucher” three times, a little more than a second apart.', touch: 'Tap it so.' },
  { signal: 'error_press', page: CAN, mouse: 'Click “Find it in a store”.', touch: 'Tap it.' },
  { signal: 'static_press', page: CAN, mouse: 'Click a colour below the price twice.', touch: 'Tap it twice.' },
  { signal: 'thrash', page: CAN, mouse: 'Shake the mouse to and fro, wildly, for two seconds.' },
  { signal: 'thrash_at_failure', page: CAN, mouse: 'Click “Find it in a store”, then shake the mouse.' },
  { signal: 'meander', page: CAN, mouse: 'Wander about slowly for ten seconds and get nowhere.' },
  { signal: 'detour', page: CAN, mouse: 'Go straight from button to button a dozen times, then take a long way round.' },
  { signal: 'hesitation', page: CAN, mouse: 'Rest on “Add to basket” for three seconds without a click.', touch: 'Tap into a field of the checkout and wait five seconds.' },
  { signal: 're_entry', page: CAN, mouse: 'Go on to “Add to basket” and off again three times, then click it.' },
  { signal: 'reading', page: '/workshop', mouse: 'Follow the lines of “Words worth keeping” with the mouse.' },
  { signal: 'about_to_leave', page: CAN, mouse: 'After “Apply voucher”, fast: fly to the tabs at the top.', touch: 'Cause trouble, then switch to another app.' },
  { signal: 'scroll_thrash', page: CAN, mouse: 'Scroll up and down, far, five times.', touch: 'The same.' },
  { signal: 'steady_scroll', page: '/', mouse: 'Scroll down evenly, six times.', touch: 'The same.' },
  { signal: 'content_use', page: '/workshop', mouse: 'Select words and copy them.', touch: 'The same.' },
  { signal: 'broken_link', page: CAN, mouse: 'Open the tab “Spares”.', touch: 'The same.' },
  { signal: 'error_loop', page: CAN, mouse: 'Click “Find it in a store” twice.', touch: 'Tap it twice.' },
  { signal: 'form_error_loop', page: '/checkout', mouse: 'Click “Buy now” twice with nothing filled in.', touch: 'The same.' },
  { signal: 'reload', page: CAN, mouse: 'Reload the page three times.', touch: 'The same.' },
  { signal: 'blocked_view', page: '/deals', mouse: 'Wait for the letter, and wait on.', touch: 'The same.' },
  { signal: 'quick_back', page: '/', mouse: 'Open the basket and go back at once.', touch: 'The same.' },
  { signal: 'page_loop', page: '/', mouse: 'Go to the basket and back to the shop, twice.', touch: 'The same.' },
  { signal: 'search_struggle', page: '/', mouse: 'Search for three things.', touch: 'The same.' },
  { signal: 'field_struggle', page: '/checkout', mouse: 'Go into the name and out of it three times, correcting it each time.', touch: 'The same.' },
  { signal: 'form_abandonment', page: '/checkout', mouse: 'Fill in your name, then go to the shop.', touch: 'The same.' },
  { signal: 'focus_flapping', page: CAN, mouse: 'Switch to another window and back, twice.', touch: 'Switch to another app and back, twice.' },
  { signal: 'repeated_rotation', page: CAN, touch: 'Turn the phone three times.' },
  { signal: 'video_rotation', page: '/workshop', touch: 'Turn the phone while the film is in view.' },
  { signal: 'tilt_swing', page: CAN, touch: 'Swing the phone by more than a right angle, to and fro. Furrow never asks for the sensor: some phones hand it out, some do not.' },
  { signal: 'shake', page: CAN, touch: 'Shake the phone. The same holds.' },
  { signal: 'zoom_struggle', page: '/workshop', touch: 'Zoom into the small print twice.' },
  { signal: 'dead_swipe', page: '/workshop', touch: 'Swipe the pictures that cannot be swiped.' },
];
