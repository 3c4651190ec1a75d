// Which of a database's table files are whole, damaged, missing or of no use?
#pragma once

#include "base/result.hpp"
#include "engine/survey.hpp"
#include "engine/table_survey.hpp"

#include <cstdint>
#include <map>

namespace ouro::engine {

/// What the table files that are there tell of themselves, by number.
using TablesFacts = std::map<std::uint64_t, TableFacts>;

/// Reads every table file and completes `survey.files`, of which only the numbers and what the
/// manifest says are known; adds to the survey's damage, notes and counts of blocks. Needs all of
/// the survey but logs and sums. Errors: as survey_directory().
Status survey_tables(const TablesFacts& facts, Survey& survey);

}  // namespace ouro::engine
