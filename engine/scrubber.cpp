#include "engine/scrubber.hpp"

#include <utility>

namespace ouro::engine {

TableFile Scrubber::next_file(const Version& version) const {
  TableFile next;
  for (const TableFile& file : version.files()) {
    const std::uint64_t number = file->meta().number;
    if (number > last_ && number < round_end_ && (!next || number < next->meta().number))
      next = file;
  }
  return next;
}

ScrubProgress Scrubber::advance(const Version& version, std::uint64_t next_number,
                                std::size_t bytes) {
  ScrubProgress progress;
  // What is no longer part of the database is not worth checking, and must not be kept on disk.
  if (file_ && !version.find(last_)) {
    verifier_.reset();
    file_.reset();
  }
  while (progress.bytes < bytes) {
    if (!file_) {
      if (last_ == 0) round_end_ = next_number;
      file_ = next_file(version);
      if (!file_) {
        last_ = 0;
        progress.round_complete = true;
        return progress;
      }
      last_ = file_->meta().number;
      verifier_ = std::make_unique<TableVerifier>(*file_);
    }
    VerifyReport report;
    const std::uint64_t before = verifier_->bytes_read();
    const auto done = verifier_->step(bytes - progress.bytes, report);
    progress.bytes += verifier_->bytes_read() - before;
    for (std::string& damage : report.damage) progress.damage.push_back(std::move(damage));
    if (!done) progress.damage.push_back(to_string(done.error()));
    if (done && !*done) continue;
    verifier_.reset();
    file_.reset();
  }
  return progress;
}

}  // namespace ouro::engine
