#pragma once

#include "vigil/exposition/negotiate.h"
#include "vigil/exposition/page_writer.h"
