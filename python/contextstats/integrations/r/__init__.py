"""Data frames to R and back, and R's .rds files.

:func:`to_r` and :func:`from_r` use rpy2 and a running R; :func:`read_rds` needs no R. Missing values, factors, dates
and times keep their meaning:

=========================  =====================================  ==================================================
R                          to pandas                              from pandas, polars, pyarrow
=========================  =====================================  ==================================================
logical                    bool; boolean where NA occurs          any boolean column
integer                    int32; Int32 where NA occurs           whole numbers that fit, else double
double                     float64, NA as NaN                     float columns; missing values as NA
character                  text                                   text
factor, ordered            Categorical, ordered kept              Categorical, Enum; levels as text
Date                       `datetime.date`, None for NA           dates
POSIXct                    datetime64[us, tz]                     datetime64; without a time zone it is taken for UTC
difftime                   timedelta64[us]                        timedelta64, in seconds
integer64 (bit64)          int64; Int64 where NA occurs           not made
=========================  =====================================  ==================================================

Row names become the index, unless they only count the rows. A column of any other kind is refused by name.
"""

from contextstats.integrations.r.frames import from_r, to_r
from contextstats.integrations.r.rds import read_rds

__all__ = ["from_r", "read_rds", "to_r"]
