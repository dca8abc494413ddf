// SPDX-License-Identifier: Apache-2.0
/// Parsers of types inside a longer text.
#pragma once

#include "core/itensor/itensor.h"
#include "core/support/text_form.h"

namespace st {

/// An itensor type, not verified. Errors go to the cursor.
ItensorType parse_itensor(TextCursor& cursor);

}  // namespace st
