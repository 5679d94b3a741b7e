/** English words that carry no topic, spoken fillers included: most texts here are transcripts. */
export const STOP_WORDS: ReadonlySet<string> = new Set(
  `a about above actually after again against all also am an and any are as at be because been before being below
between both but by can could did do does doing don down during each few for from further get go going gonna got had
has have having he her here hers herself him himself his how i if in into is it its itself just kind kinda know let
like ll m maybe me mean mhm more most much my myself no nor not now of off oh ok okay on once one only or other our
ours ourselves out over own re really right s same say said see she should so some sort still such t than that the
their theirs them themselves then there these they thing things think this those through to too uh um under until up
us ve very want was we well were what when where which while who whom why will with would yeah yep yes you your yours
yourself yourselves`.split(/\s+/),
);
