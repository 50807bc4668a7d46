// What the systems under measurement do by themselves after a write (vacuum, checkpoints, rewritten logs, judging
// users) costs whoever is measured next. So a turn of writes, and the questions, begin when that is over.
#pragma once

namespace curfew::bench {

// Until the machine's processors were idle for three quarters of half a second, for `longest` seconds at most.
void wait_until_quiet(double longest);

}  // namespace curfew::bench
